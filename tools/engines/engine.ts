import { type Supervised } from './supervise';
import { type Stoppable } from './together';

/** What every engine of one process can do. */
export interface Engine extends Stoppable {
  readonly pid: number;
  readonly log: string;
  running(): boolean;
  /** SIGKILL: what is on disk remains, and `restart` starts on it. */
  kill9(): Promise<void>;
  /** Starts it again on the same data and ports, after a stop or a kill. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open, no request gets a response. */
  suspend(): void;
  resume(): void;
}

/**
 * Starts an engine; restarts replace its process, not this object.
 * @param own what this engine has beyond an {@link Engine}
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
  // Descriptors, not a spread, so that `pid` remains a getter.
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(common)) as E;
}
