/** The phases of a run: prints a line when one ends, and records its seconds for the report. */
import { inSeconds } from '../../kit/time';

export interface Clock {
  /** Runs one phase and prints its duration. */
  phase<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Seconds since the start of the run, recorded under `name`. */
  mark(name: string): number;
  readonly timings: Readonly<Record<string, number>>;
}

const round = (ms: number) => Math.round(ms / 100) / 10;

export function startClock(print: (line: string) => void, now: () => number = Date.now): Clock {
  const started = now();
  const timings: Record<string, number> = {};
  return {
    timings,
    async phase(name, work) {
      const before = now();
      const result = await work();
      timings[name] = round(now() - before);
      print(`${name.padEnd(34)} ${inSeconds(timings[name]).padStart(8)}`);
      return result;
    },
    mark(name) {
      timings[name] = round(now() - started);
      return timings[name];
    },
  };
}
