import { type Supervised } from './supervise';

/** What every engine of one process can do, beside its own. */
export interface Engine {
  readonly pid: number;
  readonly log: string;
  running(): boolean;
  stop(): Promise<void>;
  /** SIGKILL: what is on disk stays, `restart` brings it back. */
  kill9(): Promise<void>;
  /** Starts it again, after a stop or a kill, on the same data and ports. */
  restart(): Promise<void>;
  /** Freezes it: connections stay open, nothing is answered. */
  suspend(): void;
  resume(): void;
}

/**
 * Starts an engine and keeps hold of its process, whichever it is after restarts.
 * @param own what this engine has beside that
 */
export async function startEngine<E extends Engine>(
  start: () => Promise<Supervised>,
  own: Omit<E, keyof Engine>,
): Promise<E> {
  let process = await start();
  const common: Engine = {
    get pid() {
      return process.pid;
    },
    log: process.log,
    running: () => process.running(),
    stop: () => process.stop(),
    kill9: () => process.kill9(),
    restart: async () => {
      await process.stop();
      process = await start();
    },
    suspend: () => process.suspend(),
    resume: () => process.resume(),
  };
  // Not spread: `pid` is looked up anew each time.
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(common)) as E;
}
