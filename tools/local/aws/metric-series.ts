/** Metrics over time, as CloudWatch stores them: sum and maximum per minute. */
import { keyOf } from '../../assembly/alarm-terms';
import { MINUTE } from '../../../lambda/domain/time';

/** Bounds the memory of a long run. */
const RETAINED_MINUTES = 180;

export interface Minute {
  readonly sum: number;
  readonly max: number;
}

export type Dimensions = Readonly<Record<string, string>>;

export class MetricSeries {
  private readonly series = new Map<string, Map<number, Minute>>();

  /** @param at ms */
  add(namespace: string, name: string, dimensions: Dimensions, value: number, at: number): void {
    const key = keyOf({ namespace, name, dimensions });
    const minutes = this.series.get(key) ?? new Map<number, Minute>();
    this.series.set(key, minutes);
    const start = Math.floor(at / MINUTE) * MINUTE;
    const { sum, max } = minutes.get(start) ?? { sum: 0, max: -Infinity };
    minutes.set(start, { sum: sum + value, max: Math.max(max, value) });
    for (const oldest of minutes.keys()) {
      if (minutes.size <= RETAINED_MINUTES) break;
      minutes.delete(oldest);
    }
  }

  /** The minutes that start in `[from, to)`, oldest first: start (ms) and values. */
  read(namespace: string, name: string, dimensions: Dimensions, from: number, to: number): [number, Minute][] {
    const minutes = this.series.get(keyOf({ namespace, name, dimensions })) ?? [];
    return [...minutes].filter(([start]) => start >= from && start < to).sort(([a], [b]) => a - b);
  }
}
