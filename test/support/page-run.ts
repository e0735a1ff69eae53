/**
 * The status page as a deployment serves it, but for the store: its bundle, the query handler behind the local HTTP API, and
 * metrics by way of the control API. The views are those of generated posts, taken by the aggregation itself.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeHandler } from '../../lambda/query/handler';
import { liveMetrics } from '../../lambda/query/live';
import { pageFiles } from '../../lambda/query/page';
import { queryReader, type QueryReader } from '../../lambda/query/reader';
import { memoryBatchStore } from './memory-batch-store';
import { speedCounts } from './memory-store';
import { lambdaEvent, toRecord } from './posts-log';
import { aggregateOver } from './speed-layer';
import { batchRunOf } from './view-runs';
import { intervalName, intervalOf } from '../../lambda/domain/intervals';
import { metricReader, sendSigned } from '../../lambda/query/cloudwatch';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { type HttpEvent } from '../../lambda/runtime/http';
import { metricNamespace } from '../../lambda/runtime/metrics';
import { type BoundaryRow } from '../../lambda/aws/keyspaces/store';
import { VIEWS } from '../../lambda/domain/views';
import { PAGE_FOLDER, writePage } from '../../lib/constructs/page-files';
import { startControlApi } from '../../tools/local/aws/control-api';
import { startHttpApi } from '../../tools/local/aws/http-api';
import { metricData } from '../../tools/local/aws/metric-data';
import { MetricSeries } from '../../tools/local/aws/metric-series';
import { generate } from '../../tools/loadgen/generate';

const NAMESPACE = metricNamespace({ project: 'test', stage: 'local' });
const TOPIC = 'posts';
const MINUTE = 60_000;
/** Intervals of one minute, of which the newest two are not published yet. */
const INTERVALS = 26;
const UNPUBLISHED = 2;
const POSTS = 2_000;

export interface PageRun {
  readonly url: string;
  /** What the store says of the boundary; undefined before the first interval. Tests change it. */
  boundary: BoundaryRow | undefined;
  /** While set, the store rejects with it. */
  storeFails?: Error;
  /** Ends CloudWatch. */
  stopMetrics(): Promise<void>;
  stop(): Promise<void>;
}

/** Posts that come in faster and slower, as a topic has them. */
function recordsUntil(now: number): KafkaRecord[] {
  const from = intervalOf(now, 1) - (INTERVALS - 1) * MINUTE;
  const span = now - 5_000 - from;
  return [...generate({ posts: POSTS, seed: 7 })].map(({ key, sections }, offset) => {
    const share = (offset + 1) / POSTS;
    const timestamp = Math.floor(from + span * (share - 0.08 * Math.sin(share * 9)));
    const body = Object.entries(sections).map(([name, text]) => `${JSON.stringify(name)}:${text}`);
    return {
      partition: 0,
      offset,
      timestamp,
      key: Buffer.from(key),
      value: Buffer.from(`{${body.join()}}`),
      headers: {},
    };
  });
}

function seriesOf(records: readonly KafkaRecord[]): MetricSeries {
  const series = new MetricSeries();
  const add = (step: string, name: string, value: number, at: number) =>
    series.add(NAMESPACE, name, { step }, value, at);
  for (const { timestamp, offset } of records) {
    for (const step of ['ingest', 'archive', 'aggregate']) {
      for (const name of ['received', 'written']) add(step, name, 1, timestamp);
    }
    add('aggregate', 'freshness', 240 + ((offset * 37) % 400), timestamp);
    if (offset % 9 === 0) add('query', 'received', 1, timestamp);
  }
  const published = [...new Set(records.map(({ timestamp }) => intervalOf(timestamp, 1)))].slice(0, -UNPUBLISHED);
  for (const interval of published) {
    const inInterval = records.filter(({ timestamp }) => intervalOf(timestamp, 1) === interval).length;
    for (const name of ['received', 'written']) {
      add('seal', name, 1, interval + MINUTE);
      add('compact', name, inInterval, interval + MINUTE);
      add('reconcile', name, 1, interval + MINUTE);
    }
    add('publish', 'written', VIEWS.length, interval + MINUTE);
  }
  return series;
}

/** @param now the handler's clock, ms */
export async function startPageRun(now: number): Promise<PageRun> {
  const directory = mkdtempSync(join(tmpdir(), 'page-'));
  writePage(directory);
  const records = recordsUntil(now);
  const store = memoryBatchStore();
  const newest = toRecord({ kind: 'heartbeat', timestamp: now - 5_000, index: 0, variant: 0 }, 0, records.length);
  await aggregateOver(store.speed, { intervalMinutes: 1 })(lambdaEvent(TOPIC, [...records, newest]));
  const topic = { topic: TOPIC, partitions: 1, intervalMinutes: 1 };
  const speed = queryReader(store, topic);
  const counts = new Map(
    [...(await speedCounts(store.speed, topic))].map(([key, each]) => {
      const [view, interval] = key.split('|');
      return [`${view} ${intervalName(Number(interval))}`, each];
    }),
  );
  const first = intervalOf(records[0].timestamp, 1);
  const boundary = intervalOf(now, 1) - UNPUBLISHED * MINUTE;
  const control = await startControlApi({
    plan: { applications: [], jobRoles: [], clusters: [] },
    functions: { has: () => false, invoke: () => Promise.reject(new Error('unexpected invocation')) },
    metrics: metricData(seriesOf(records), { now: () => now, lag: async (name) => (name === 'archive-1' ? 12 : 0) }),
    brokers: '',
    sparkCommand: { command: 'false', args: [], env: {} },
    logs: directory,
  });
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  Object.assign(process.env, credentials);
  const send = sendSigned({ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL_CLOUDWATCH: control.url });
  const row = {
    firstInterval: first,
    intervalMinutes: 1,
    interval: boundary,
    publishedAt: now - 20_000,
    drift: 0,
    reconciledInterval: boundary,
  };
  const stored = async <T>(read: () => T | Promise<T>): Promise<T> => {
    if (run.storeFails) throw run.storeFails;
    return read();
  };
  const reader: QueryReader = {
    boundary: () => stored(() => run.boundary),
    batchRun: (view, periods) =>
      stored(() =>
        batchRunOf(
          view,
          periods.flatMap((name) => counts.get(`${view.name} ${name}`) ?? []),
        ),
      ),
    speedParts: (...asked) => stored(() => speed.speedParts(...asked)),
    applied: () => stored(() => speed.applied()),
  };
  const handler = makeHandler({
    reader,
    intervalMinutes: 1,
    partitions: 1,
    speedTtl: 24 * 60 * MINUTE,
    report: () => undefined,
    now: () => now,
    page: {
      stage: 'local',
      files: pageFiles(join(directory, PAGE_FOLDER)),
      boundaryDueMs: 6 * MINUTE,
      metrics: liveMetrics(
        metricReader(send),
        { namespace: NAMESPACE, lagFunctions: { archive: 'archive-1', aggregate: 'aggregate-1' } },
        () => now,
      ),
    },
  });
  const api = await startHttpApi(
    {
      path: 'test/Api',
      logicalId: 'Api',
      id: 'api',
      name: 'query',
      routes: [{ routeKey: '$default', functionName: 'query', timeoutMs: 10_000, iam: false }],
    },
    {
      invoke: async (_name, event) => ({ payload: JSON.stringify(await handler(JSON.parse(event) as HttpEvent)) }),
    },
  );
  let metricsStopped: Promise<void> | undefined;
  const run: PageRun = {
    url: api.url,
    boundary: row,
    stopMetrics: () => (metricsStopped ??= control.stop()),
    stop: async () => {
      await Promise.all([api.stop(), (metricsStopped ??= control.stop())]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return run;
}
