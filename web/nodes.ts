/** The pipeline's diagram: its nodes, the flows between them, and the text of each node. */
import { type StatusResponse } from '../lambda/query/api';
import { duration, number, time } from './format';
import { newest, rateOf, seriesOf, sum } from './status';
import { MINUTE } from '../lambda/domain/time';

export type Layer = 'both' | 'batch' | 'speed';

export interface NodeSpec {
  readonly id: string;
  readonly title: string;
  /** Its type, in a word or two. */
  readonly kind: string;
  readonly layer: Layer;
}

export interface NodeText {
  /** The main number; `unit` names what it counts. */
  readonly main: string;
  readonly unit: string;
  readonly note: string;
  /** A metric over the window, drawn small. @default - none */
  readonly spark?: readonly (number | null)[];
  /** Whether records passed recently. */
  readonly live: boolean;
  /** Something that an operator should look at. */
  readonly alert?: string;
}

export const NODES: readonly NodeSpec[] = [
  { id: 'ingest', title: 'ingest', kind: 'API, function', layer: 'both' },
  { id: 'topic', title: 'posts', kind: 'Kafka topic', layer: 'both' },
  { id: 'archive', title: 'archive', kind: 'function → S3', layer: 'batch' },
  { id: 'seal', title: 'seal', kind: 'function', layer: 'batch' },
  { id: 'compact', title: 'compact', kind: 'function → Parquet', layer: 'batch' },
  { id: 'views', title: 'batch views', kind: 'DuckDB or Spark', layer: 'batch' },
  { id: 'publish', title: 'publish', kind: 'function', layer: 'batch' },
  { id: 'batch-store', title: 'batch_views', kind: 'Keyspaces', layer: 'batch' },
  { id: 'aggregate', title: 'aggregate', kind: 'function', layer: 'speed' },
  { id: 'speed-store', title: 'speed_log', kind: 'Keyspaces', layer: 'speed' },
  { id: 'reconcile', title: 'reconcile', kind: 'function', layer: 'both' },
  { id: 'query', title: 'query', kind: 'API, function', layer: 'both' },
];

/** The flows, each with the node whose activity shows whether it is live. */
export const EDGES: readonly (readonly [from: string, to: string, layer: Layer, by: string])[] = [
  ['ingest', 'topic', 'both', 'ingest'],
  ['topic', 'archive', 'batch', 'archive'],
  ['archive', 'seal', 'batch', 'seal'],
  ['seal', 'compact', 'batch', 'compact'],
  ['compact', 'views', 'batch', 'compact'],
  ['views', 'publish', 'batch', 'publish'],
  ['publish', 'batch-store', 'batch', 'publish'],
  ['topic', 'aggregate', 'speed', 'aggregate'],
  ['aggregate', 'speed-store', 'speed', 'aggregate'],
  ['batch-store', 'reconcile', 'batch', 'reconcile'],
  ['speed-store', 'reconcile', 'speed', 'reconcile'],
  ['batch-store', 'query', 'batch', 'query'],
  ['speed-store', 'query', 'speed', 'query'],
];

const RECENT_PERIODS = 3;

export function nodeText(id: string, status: StatusResponse): NodeText {
  const values = (step: string, metric: string) => seriesOf(status, step, metric)?.values ?? [];
  const known = status.steps !== null;
  const total = (step: string, metric: string) => (known ? number(sum(values(step, metric))) : '–');
  const recently = (step: string, metric: string) => sum(values(step, metric).slice(-RECENT_PERIODS)) > 0;
  const minutes = Math.round((Date.parse(status.window.to) - Date.parse(status.window.from)) / MINUTE);
  const perMinute = (step: string, metric: string) => {
    const rate = rateOf(status, step, metric);
    return rate === null ? 'unknown' : `${number(Math.round(rate))} a minute`;
  };
  const counting = (
    step: string,
    metric: string,
    unit: string,
    alert?: string,
    note = perMinute(step, metric),
  ): NodeText => ({
    main: total(step, metric),
    unit,
    note,
    spark: values(step, metric),
    live: recently(step, metric),
    ...(alert !== undefined && { alert }),
  });
  const some = (step: string, metric: string, word: string) => {
    const found = sum(values(step, metric));
    return found > 0 ? `${number(found)} ${word}` : undefined;
  };
  const { boundary, now, intervalMinutes } = status;
  switch (id) {
    case 'ingest':
      return counting(
        'ingest',
        'received',
        'records',
        some('ingest', 'dropped', 'dropped') ?? some('ingest', 'failed', 'failed'),
      );
    case 'topic': {
      const lags = ['archive', 'aggregate'].map((step) => newest(values(step, 'lag')));
      const lag = lags.every((each) => each === null) ? null : Math.max(...lags.map((each) => each ?? 0));
      return { main: number(lag), unit: 'lag', note: 'records not read', live: recently('ingest', 'written') };
    }
    case 'archive':
      return counting(
        'archive',
        'written',
        'records',
        some('archive', 'dropped', 'dropped') ?? some('archive', 'quarantined', 'quarantined'),
      );
    case 'seal':
      return counting('seal', 'written', 'intervals', undefined, `${total('seal', 'heartbeats')} heartbeats written`);
    case 'compact':
      return counting('compact', 'written', 'rows', undefined, `of ${total('compact', 'received')} records`);
    case 'views':
      return {
        main: duration(intervalMinutes * MINUTE),
        unit: 'an interval',
        note: 'all at once',
        live: recently('publish', 'written'),
      };
    case 'publish':
      return counting('publish', 'written', 'rows', undefined, `in ${minutes} minutes`);
    case 'batch-store':
      return {
        main: time(boundary.interval, now),
        unit: 'boundary',
        note: boundary.ageMs === null ? 'nothing yet' : `${duration(boundary.ageMs)} old`,
        live: false,
        ...(boundary.ageMs !== null && boundary.ageMs > status.boundaryDueMs && { alert: 'late' }),
      };
    case 'aggregate':
      return counting(
        'aggregate',
        'received',
        'records',
        undefined,
        `fresh in ${duration(newest(values('aggregate', 'freshness')))}`,
      );
    case 'speed-store':
      return { main: time(status.asOf, now, true), unit: 'as of', note: 'UTC', live: false };
    case 'reconcile':
      return {
        main: number(boundary.drift),
        unit: 'drift',
        note:
          boundary.reconciledInterval === null ? 'not compared yet' : `up to ${time(boundary.reconciledInterval, now)}`,
        live: recently('reconcile', 'received'),
        ...((boundary.drift ?? 0) !== 0 && { alert: 'layers differ' }),
      };
    case 'query':
      return counting('query', 'received', 'requests', some('query', 'failed', 'failed'));
    default:
      throw new Error(`node must be one of ${NODES.map((node) => node.id).join(', ')}, got '${id}'`);
  }
}
