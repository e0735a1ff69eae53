/** Waits until both layers have counted what was sent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Boundary, type QueryClient } from './query-client';
import { MINUTE } from '../../../lambda/domain/time';

export interface Wait {
  readonly query: QueryClient;
  /** Everything appended to the topic until then (ms) must be published and reconciled. */
  readonly until: number;
  readonly intervalMinutes: number;
  /** Called at each look. */
  readonly progress: (boundary: Boundary | undefined) => void;
  /** Gives up when the time boundary has not moved for this long, ms. */
  readonly patience: number;
  /** Between two looks, ms. @default 500 */
  readonly pollMs?: number;
}

const millis = (instant: string | null) => (instant === null ? -Infinity : Date.parse(instant));

/** Whether every interval up to and including the one that contains `until` is published and reconciled. */
export function isThrough(boundary: Boundary, until: number, intervalMinutes: number): boolean {
  const through = Math.min(millis(boundary.interval), millis(boundary.reconciledInterval));
  return through + intervalMinutes * MINUTE > until;
}

/** @throws Error if the time boundary does not move for longer than `patience` */
export async function waitUntilThrough(wait: Wait): Promise<Boundary> {
  let moved = Date.now();
  let last: string | null = null;
  for (;;) {
    // The query function may be restarting.
    const boundary = await wait.query.boundary().catch(() => undefined);
    wait.progress(boundary);
    if (boundary && isThrough(boundary, wait.until, wait.intervalMinutes)) return boundary;
    if (boundary && boundary.interval !== last) {
      last = boundary.interval;
      moved = Date.now();
    }
    if (Date.now() - moved > wait.patience) {
      throw new Error(
        `the time boundary has been at ${last ?? 'nothing'} for ${Math.round(wait.patience / 1000)} s and does not reach ${new Date(wait.until).toISOString()}`,
      );
    }
    await sleep(wait.pollMs ?? 500);
  }
}
