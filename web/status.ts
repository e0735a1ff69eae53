/** What the page shows of a status: plain values in and out. */
import { type MetricSeries, type StatusResponse } from '../lambda/query/api';
import { type ChartData } from './answers';
import { duration, number, time } from './format';

/** `good`, `late` and `wrong` are shown by word and colour; `none` is a number without an assessment. */
export type Mood = 'good' | 'late' | 'wrong' | 'none';

export interface Vital {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly mood: Mood;
}

type Values = MetricSeries['values'];

export function seriesOf({ steps }: StatusResponse, step: string, metric: string): MetricSeries | undefined {
  return steps?.find((each) => each.step === step)?.metrics.find(({ name }) => name === metric);
}

export const sum = (values: Values): number => values.reduce<number>((total, value) => total + (value ?? 0), 0);

export function newest(values: Values): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/**
 * The number per minute over the last two periods, the last of which is not over yet.
 * @param elapsed share of the last period that is over, 0 to 1
 */
export function ratePerMinute(values: Values, elapsed: number, periodSeconds: number): number {
  return (sum(values.slice(-2)) / ((1 + elapsed) * periodSeconds)) * 60;
}

function elapsedOf({ now, window }: StatusResponse): number {
  const left = (Date.parse(window.to) - Date.parse(now)) / 1000 / window.periodSeconds;
  return Math.min(1, Math.max(0, 1 - left));
}

export function rateOf(status: StatusResponse, step: string, metric: string): number | null {
  const series = seriesOf(status, step, metric);
  return series ? ratePerMinute(series.values, elapsedOf(status), status.window.periodSeconds) : null;
}

/** @param posts counted by both layers together, if known */
export function vitalsOf(status: StatusResponse, posts: number | undefined): Vital[] {
  return [overall(status), counted(status, posts), freshness(status), boundary(status), drift(status), lag(status)];
}

function isLate({ boundary, boundaryDueMs }: StatusResponse): boolean {
  return boundary.ageMs !== null && boundary.ageMs > boundaryDueMs;
}

function overall(status: StatusResponse): Vital {
  const name = 'Answers';
  if ((status.boundary.drift ?? 0) !== 0) {
    return { name, value: 'may be wrong', note: 'the layers differ', mood: 'wrong' };
  }
  if (isLate(status)) return { name, value: 'right, but late', note: 'the speed layer continues', mood: 'late' };
  if (status.asOf === null) return { name, value: 'none yet', note: 'no posts yet', mood: 'none' };
  if (status.boundary.drift === null)
    return { name, value: 'unchecked', note: 'layers not compared yet', mood: 'none' };
  return { name, value: 'right', note: `as of ${time(status.asOf, status.now, true)} UTC`, mood: 'good' };
}

function counted(status: StatusResponse, posts: number | undefined): Vital {
  const rate = rateOf(status, 'ingest', 'received');
  const note = rate === null ? 'metrics are not available' : `${number(Math.round(rate))} records a minute now`;
  return { name: 'Posts', value: number(posts), note, mood: 'none' };
}

function freshness(status: StatusResponse): Vital {
  const values = seriesOf(status, 'aggregate', 'freshness')?.values ?? [];
  return { name: 'Freshness', value: duration(newest(values)), note: 'append to served', mood: 'none' };
}

function boundary(status: StatusResponse): Vital {
  const { interval, ageMs } = status.boundary;
  const late = isLate(status);
  const note = interval === null ? 'nothing published yet' : `old, due within ${duration(status.boundaryDueMs)}`;
  return { name: 'Boundary', value: duration(ageMs), note, mood: interval === null ? 'none' : late ? 'late' : 'good' };
}

function drift({ boundary: { drift: found, reconciledInterval }, now }: StatusResponse): Vital {
  const note = reconciledInterval === null ? 'not compared yet' : `interval ${time(reconciledInterval, now)} compared`;
  return { name: 'Drift', value: number(found), note, mood: found === null ? 'none' : found === 0 ? 'good' : 'wrong' };
}

function lag(status: StatusResponse): Vital {
  const known = ['archive', 'aggregate'].map((step) => newest(seriesOf(status, step, 'lag')?.values ?? []));
  const value = known.every((each) => each === null) ? null : Math.max(...known.map((each) => each ?? 0));
  return { name: 'Lag', value: number(value), note: 'records not read yet', mood: 'none' };
}

/** One curve per step of one metric, over the finished minutes of the window. */
export function liveChart(
  status: StatusResponse,
  curves: readonly (readonly [step: string, metric: string])[],
  unit: string,
): ChartData | undefined {
  const series = curves.flatMap(([step, metric]) => {
    const found = seriesOf(status, step, metric);
    return found ? [{ name: step, values: found.values.slice(0, -1) }] : [];
  });
  if (series.length === 0) return undefined;
  const { from, periodSeconds } = status.window;
  const labels = series[0].values.map((_, i) =>
    new Date(Date.parse(from) + i * periodSeconds * 1000).toISOString().slice(11, 16),
  );
  return { kind: 'lines', labels, series, unit, leftOut: 0 };
}
