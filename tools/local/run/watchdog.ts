/** Brings engines back that died, as a managed service would; the pipeline has to cope with the outage meanwhile. */

export interface Restartable {
  running(): boolean;
  restart(): Promise<void>;
}

export interface Watchdog {
  /** How often each engine was brought back. */
  readonly restarts: Readonly<Record<string, number>>;
  stop(): void;
}

const INTERVAL_MS = 500;

export function watch(engines: Readonly<Record<string, Restartable>>, say: (line: string) => void): Watchdog {
  const restarts: Record<string, number> = {};
  const restarting = new Set<string>();
  const look = async (name: string, engine: Restartable) => {
    if (restarting.has(name) || engine.running()) return;
    restarting.add(name);
    say(`${name} died, starting it again`);
    try {
      await engine.restart();
      restarts[name] = (restarts[name] ?? 0) + 1;
      say(`${name} is back`);
    } catch (error) {
      say(`${name} did not come back: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      restarting.delete(name);
    }
  };
  const timer = setInterval(() => {
    for (const [name, engine] of Object.entries(engines)) void look(name, engine);
  }, INTERVAL_MS);
  return { restarts, stop: () => clearInterval(timer) };
}
