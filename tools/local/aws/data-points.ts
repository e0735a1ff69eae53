/** Every single value of every metric. Alarms need them: percentiles and counts cannot be computed from sums. */
import { keyOf, type MetricId } from '../../assembly/alarm-terms';
import { HOUR } from '../../../lambda/domain/time';

/** Bounds the memory of a busy series: the newest are retained. */
const RETAINED_POINTS = 20_000;

interface Point {
  /** ms */
  readonly at: number;
  readonly value: number;
}

export class DataPoints {
  private readonly series = new Map<string, Point[]>();
  /** Alarms ask for the same metrics in each of their periods. */
  private readonly keys = new WeakMap<MetricId, string>();

  /** @param at ms; about now, so that points arrive in order of time */
  add(metric: MetricId, value: number, at: number): void {
    const key = keyOf(metric);
    const points = this.series.get(key) ?? [];
    this.series.set(key, points);
    points.push({ at, value });
    if (points.length > RETAINED_POINTS || points[0].at < at - 2 * HOUR) {
      const first = points.findIndex((point) => point.at >= at - HOUR);
      points.splice(0, Math.max(first, points.length - RETAINED_POINTS / 2));
    }
  }

  /** The values of `[from, to)`, ms, oldest first. */
  values(metric: MetricId, from: number, to: number): number[] {
    const key = this.keys.get(metric) ?? keyOf(metric);
    this.keys.set(metric, key);
    const points = this.series.get(key) ?? [];
    const found: number[] = [];
    // From the newest: an alarm reads the last minutes of up to an hour.
    for (let i = points.length - 1; i >= 0 && points[i].at >= from; i--) {
      if (points[i].at < to) found.push(points[i].value);
    }
    return found.reverse();
  }
}
