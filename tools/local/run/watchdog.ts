/** Restarts engines that ended, as a managed service would. The pipeline has to cope with the outage. */

export interface Restartable {
  running(): boolean;
  restart(): Promise<void>;
}

export interface Watchdog {
  /** Number of restarts by engine. */
  readonly restarts: Readonly<Record<string, number>>;
  stop(): void;
}

const INTERVAL_MS = 500;

export function watch(engines: Readonly<Record<string, Restartable>>, print: (line: string) => void): Watchdog {
  const restarts: Record<string, number> = {};
  const restarting = new Set<string>();
  const check = async (name: string, engine: Restartable) => {
    if (restarting.has(name) || engine.running()) return;
    restarting.add(name);
    print(`${name} ended, restarting it`);
    try {
      await engine.restart();
      restarts[name] = (restarts[name] ?? 0) + 1;
      print(`${name} is back`);
    } catch (error) {
      print(`${name} did not come back: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      restarting.delete(name);
    }
  };
  const timer = setInterval(() => {
    for (const [name, engine] of Object.entries(engines)) void check(name, engine);
  }, INTERVAL_MS);
  return { restarts, stop: () => clearInterval(timer) };
}
