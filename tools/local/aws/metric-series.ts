/** Metrics over time, as CloudWatch keeps them: one sum, one largest value a minute. */

const MINUTE_MS = 60_000;
/** Bounds the memory of a long run. */
const KEPT_MINUTES = 180;

export interface Minute {
  readonly sum: number;
  readonly max: number;
}

export type Dimensions = Readonly<Record<string, string>>;

export class MetricSeries {
  private readonly series = new Map<string, Map<number, Minute>>();

  /** @param at ms */
  add(namespace: string, name: string, dimensions: Dimensions, value: number, at: number): void {
    const key = keyOf(namespace, name, dimensions);
    const minutes = this.series.get(key) ?? new Map<number, Minute>();
    this.series.set(key, minutes);
    const start = Math.floor(at / MINUTE_MS) * MINUTE_MS;
    const { sum, max } = minutes.get(start) ?? { sum: 0, max: -Infinity };
    minutes.set(start, { sum: sum + value, max: Math.max(max, value) });
    for (const oldest of minutes.keys()) {
      if (minutes.size <= KEPT_MINUTES) break;
      minutes.delete(oldest);
    }
  }

  /** Start of a minute (ms) → its values, for the minutes that start in `[from, to)`; oldest first. */
  read(namespace: string, name: string, dimensions: Dimensions, from: number, to: number): [number, Minute][] {
    const minutes = this.series.get(keyOf(namespace, name, dimensions)) ?? [];
    return [...minutes].filter(([start]) => start >= from && start < to).sort(([a], [b]) => a - b);
  }
}

function keyOf(namespace: string, name: string, dimensions: Dimensions): string {
  const sorted = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, name, sorted]);
}
