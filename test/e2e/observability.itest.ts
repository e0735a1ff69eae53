/**
 * See everything: under a load with bad posts, re-sent posts and outages, every query of boards and rules has data, every
 * metric that a widget or an alarm names is reported, and each alarm and each alert is set off by its fault; those that take a
 * cluster are in `kafka-faults.itest.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { contentOf } from '../../observability/grafana';
import { intervalName } from '../../lambda/domain/intervals';
import { findView } from '../../lambda/domain/views';
import { CLOSED, storedName } from '../../lambda/formats/speed-run';
import { METRICS, metricNamespace, type MetricName } from '../../lambda/runtime/metrics';
import { findFunction } from '../../tools/assembly/local-plan';
import { namedMetrics } from '../../tools/assembly/named-metrics';
import { keyOf } from '../../tools/assembly/alarm-terms';
import { startEventSource } from '../../tools/local/aws/event-source';
import { generateLoad } from '../../tools/loadgen/load';
import { waitUntilThrough } from '../../tools/local/run/completion';
import { withStore } from '../../tools/local/run/store';
import { loadedRules, seriesOf } from '../support/prometheus-queries';
import { SET_OFF_IN_A_CLUSTER } from '../support/set-off-in-a-cluster';
import { SOONER_LATE } from '../support/shorter-alarms';
import { idOf, until } from '../support/until';
import { ObservedRun } from './observed-run';
import { deleteRecords, deleteSpeedRun, rewriteControlLine } from './observed-stores';

jest.setTimeout(300_000);

const MINUTE_MS = 60_000;
const POSTS = 600;
/** A number of followers that the cleaning cannot interpret: the post is taken, and set aside. */
const unreadable = (index: number) => ({ pin: { index, category: 'art', follower_count: 'many' } });
const good = (index: number) => ({ pin: { index, category: 'art', follower_count: '12k' } });
const list = <T>(length: number, of: (i: number) => T) => Array.from({ length }, (_, i) => of(i));

/** Longer than records may wait before they are late: 30 s and 120 s in a local run, a fraction of it here. */
const WAITING_MS = { aggregate: 35_000 / SOONER_LATE, archive: 130_000 / SOONER_LATE };

const print = (line: string) => process.stdout.write(`${line}\n`);

let run: ObservedRun;

beforeAll(async () => {
  run = await ObservedRun.start();
});
afterEach(() => run?.settle());
afterAll(() => run?.stop());

const untilThrough = () =>
  waitUntilThrough({
    query: run.query,
    until: Date.now(),
    intervalMinutes: 1,
    patience: 240_000,
    progress: () => undefined,
  });

test('a killed broker fires the alarms of ingest and of the node until it is back, then the alert for an unclean election', async () => {
  const { cloud, kafka } = run.running;
  const posts = { url: cloud.ingestUrl, posts: POSTS };
  await generateLoad({ ...posts, seed: 1 });
  // Every post a second time.
  await generateLoad({ ...posts, seed: 1 });
  await run.post(list(10, unreadable));
  const rejected = [
    await run.post({ pin: { category: 'without a key' } }),
    await fetch(`${cloud.ingestUrl}/posts`, { method: 'POST', body: '{"pin":' }),
    await fetch(`${cloud.queryUrl}/views/unknown`),
    await fetch(`${cloud.queryUrl}/answers/popular_category_by_year?post_year=soon`),
  ];
  expect(rejected.map(({ status }) => status)).toEqual([400, 400, 404, 400]);

  run.leaveEnginesAlone();
  await kafka.kill9();
  run.repeat(500, () => run.post(good(1)));
  await run.untilAlert('KafkaNodeDown', true);
  await run.untilAlarms('ALARM', 'ingest-failing');
  run.superviseEngines();
  await run.untilAlert('KafkaNodeDown', false);
  // Killed as the only replica, it may have lost what it had acknowledged: Kafka says so when it leads again.
  await run.untilAlert('KafkaUncleanElection', true);
  await run.untilAlarms('OK', 'ingest-failing');
});

test('more clients than ingest has instances, sending invalid posts, fire the alarms for throttling and quarantine until they stop', async () => {
  const body = list(5, (i) => (i === 0 ? unreadable(i) : good(i)));
  const stop = run.repeat(500, () => Promise.all(list(40, () => run.post(body))));
  await run.untilAlarms('ALARM', 'quarantine-burst', 'quarantine-trickle', 'ingest-throttled', 'ingest-failing');
  await stop();
  await run.untilAlarms('OK', 'quarantine-burst', 'ingest-throttled', 'ingest-failing');
});

test('every query of the rules and of the boards has data', async () => {
  await untilThrough();
  const asked = [
    ...(await loadedRules(run.prometheus)).map(({ name, query }) => ({ where: `rule ${name}`, query })),
    ...boardQueries(),
    { where: 'Airflow', query: 'airflow_healthy{job="airflow",component="scheduler"} == 1' },
    { where: 'Airflow', query: 'airflow_dag_runs{job="airflow",dag_id="pipeline"}' },
  ];
  const counts = new Map<string, number>();
  const count = async () => {
    for (const { query } of asked) counts.set(query, await seriesOf(run.prometheus, query));
  };
  const empty = () => asked.filter(({ query }) => counts.get(query) === 0);
  await until('no expression without data', async () => count().then(() => empty().length === 0), empty);
  const series = [...counts.values()].reduce((sum, each) => sum + each, 0);
  print(`${counts.size} expressions in ${asked.length} places, ${empty().length} empty, ${series} series`);
  expect(asked.length).toBeGreaterThan(40);
});

/** When archiving was paused, ms. */
let pausedAt: number;

test('paused aggregation fires the alarms for canaries, lag and late answers until it has caught up', async () => {
  const { cloud, cassandra } = run.running;
  await run.untilAlarms('OK', 'canary-speed', 'boundary-late', 'answers-are-late', 'aggregate-late');
  // From here on nothing is published: the last test finds the boundary late.
  await (await run.airflow).stop();
  await cloud.enableEventSource('aggregate', false);
  await run.untilAlarms('ALARM', 'canary-speed', 'answers-are-late');
  // The others go on: only what aggregation brings is missing.
  expect(['archive-lag', 'archive-stuck', 'ingest-failing'].map((id) => run.stateOf(id))).toEqual(['OK', 'OK', 'OK']);

  await cloud.enableEventSource('archive', false);
  pausedAt = Date.now();
  await generateLoad({ url: cloud.ingestUrl, posts: 4_500, seed: 2, firstIndex: 10_000 });
  await run.untilAlarms('ALARM', 'archive-lag', 'aggregate-lag');
  await run.untilAlert('KafkaConsumerLate', true);
  // With a store that is slow it does not catch up at once: what it brings is late for more than one period.
  await sleep(Math.max(0, pausedAt + WAITING_MS.aggregate - Date.now()));
  const stop = run.slow(cassandra, 'aggregate');
  await cloud.enableEventSource('aggregate', true);
  await run.untilAlarms('ALARM', 'aggregate-late');
  await stop();
  await run.untilAlarms('OK', 'canary-speed', 'aggregate-lag', 'aggregate-late');
});

test('a lost run of the speed layer fires the alarm for drift until it is back', async () => {
  const { cloud, plan } = run.running;
  const [{ name: topic, partitions }] = plan.topics;
  const { interval, firstInterval } = await run.query.boundary();
  const [first, last] = [Date.parse(firstInterval!), Date.parse(interval!)];
  await withStore(run.running, async (open) => {
    const { store } = open;
    const view = storedName(findView('posts_by_category')!);
    const found = list(partitions, async (partition) => {
      const closed = await store.listClosed({ topic, partition, view }, first, last);
      return closed.map((row) => ({
        row,
        key: { topic, partition, view, tier: CLOSED, interval: row.interval, from: 0, to: 0 },
      }));
    });
    const [{ key, row }] = (await Promise.all(found)).flat();
    await deleteSpeedRun(open, key);
    const reconcile = () => cloud.invoke('reconcile', { intervals: [intervalName(key.interval)] });
    await reconcile();
    await run.untilAlarms('ALARM', 'drift', 'answers-may-be-wrong');
    await store.putSpeedChunk(key, 0, row);
    run.repeat(1_000, reconcile);
    await run.untilAlarms('OK', 'drift', 'answers-may-be-wrong');
  });
});

test('a time boundary restored from a backup of yesterday fires the alarm for a stuck boundary until it is where it was', async () => {
  const { plan } = run.running;
  const [{ name: topic }] = plan.topics;
  const { interval } = await run.query.boundary();
  const [now, then] = [Date.parse(interval!), Date.parse(interval!) - 24 * 60 * MINUTE_MS];
  await withStore(run.running, async ({ store }) => {
    await expect(store.moveBoundary(topic, now, then, Date.now())).resolves.toBe(true);
    await run.untilAlarms('ALARM', 'boundary-stuck', 'answers-may-be-wrong');
    await expect(store.moveBoundary(topic, then, now, Date.now())).resolves.toBe(true);
  });
  await run.untilAlarms('OK', 'boundary-stuck');
});

test('a second event source on the same partitions fires the alarm for write conflicts until it stops', async () => {
  const { cloud, kafka, plan } = run.running;
  const { name } = findFunction(plan.functions, 'aggregate');
  const source = plan.eventSources.find(
    ({ functionName }) => findFunction(plan.functions, functionName).name === name,
  )!;
  const second = startEventSource(
    { ...source, consumerGroup: 'second', startingPosition: 'LATEST' },
    {
      brokers: kafka.brokers,
      invoke: async (event) => ({ payload: JSON.stringify(await cloud.invoke('aggregate', JSON.parse(event))) }),
    },
  );
  try {
    run.repeat(300, () => run.post(list(30, (i) => good(40_000 + i))));
    await run.untilAlarms('ALARM', 'write-conflicts');
  } finally {
    await second.stop();
  }
  await run.untilAlarms('OK', 'write-conflicts');
});

test('a store that throttles fires its alarm until it has capacity again', async () => {
  run.repeat(300, () => run.post(list(30, (i) => good(50_000 + i))));
  run.store.throttle(true);
  await run.untilAlarms('ALARM', 'store-throttled');
  run.store.throttle(false);
  await run.untilAlarms('OK', 'store-throttled', 'aggregate-stuck');
});

test('archiving that resumes late, with a slow store, fires the alarm for late archiving until it has caught up', async () => {
  const { cloud, s3 } = run.running;
  await run.untilAlarms('OK', 'archive-late');
  await sleep(Math.max(0, pausedAt + WAITING_MS.archive - Date.now()));
  const stop = run.slow(s3, 'archive');
  await cloud.enableEventSource('archive', true);
  await run.untilAlarms('ALARM', 'archive-late');
  await stop();
  await run.untilAlarms('OK', 'archive-late', 'archive-lag');
  await run.untilAlert('KafkaConsumerLate', false);
});

test('killed stores fire the alarms of both consumers, of queries and of the batch layer until they are back', async () => {
  const { cloud, cassandra, s3 } = run.running;
  const { interval } = await run.query.boundary();
  run.leaveEnginesAlone();
  await Promise.all([cassandra.kill9(), s3.kill9()]);
  run.repeat(500, () => run.post(good(2)));
  run.repeat(500, () => fetch(`${cloud.queryUrl}/boundary`));
  // As Airflow does, again and again.
  run.repeat(1_000, () => cloud.invoke('seal', { interval: intervalName(Date.parse(interval!) + MINUTE_MS) }));
  const failing = ['aggregate-stuck', 'archive-stuck', 'query-failing', 'batch-failing'];
  await run.untilAlarms('ALARM', ...failing);
  run.superviseEngines();
  await run.untilAlarms('OK', ...failing);
});

test('a raw line of an unknown kind fires the alarm for dropped records until the line is as before', async () => {
  const { cloud } = run.running;
  const interval = intervalName(Date.parse((await run.query.boundary()).interval!));
  const { partition, restore } = await rewriteControlLine(run.running, interval);
  const compact = () => cloud.invoke('compact', { step: 'compact', partition, intervals: [interval] });
  await compact();
  await run.untilAlarms('ALARM', 'dropped', 'answers-may-be-wrong');
  await restore();
  await compact();
  await run.untilAlarms('OK', 'dropped');
});

test('records that the log loses before aggregation fire the alarm for a gap', async () => {
  const { cloud, kafka, plan } = run.running;
  await cloud.enableEventSource('aggregate', false);
  await run.post(list(30, (i) => good(20_000 + i)));
  const archived = async () => {
    const lags = await cloud.lag();
    return Object.values(lags[findFunction(plan.functions, 'archive').logicalId]).every((lag) => lag === 0);
  };
  await until('all is archived', archived);
  await deleteRecords(kafka, plan.topics[0].name);
  await run.post(list(30, (i) => good(30_000 + i)));
  await cloud.enableEventSource('aggregate', true);
  await run.untilAlarms('ALARM', 'gap', 'answers-may-be-wrong');
});

test('a batch layer without Airflow fires the alarms for a late boundary and for canaries', async () => {
  await run.untilAlarms('ALARM', 'boundary-late', 'canary-batch', 'answers-are-late');
});

test('every metric of ours that a widget or an alarm names was reported, with its dimensions and its unit', () => {
  const { plan, cloud } = run.running;
  const namespace = metricNamespace({ project: 'pinterest', stage: 'local' });
  const units = new Map(cloud.series().map((series) => [keyOf(series), series.unit]));
  const ours = namedMetrics(plan).filter((metric) => metric.namespace === namespace);
  expect(ours.length).toBeGreaterThan(100);
  expect(ours.filter((metric) => !units.has(keyOf(metric)))).toEqual([]);
  for (const metric of ours) {
    expect([metric, units.get(keyOf(metric))]).toEqual([metric, METRICS[metric.name as MetricName].unit]);
  }
  print(`${ours.length} metrics of widgets and alarms, 0 without data`);
});

test('every alarm and every alert fired, here or in the suite with a cluster', async () => {
  const alarms = Object.keys(run.alarms.states()).map(idOf);
  const alerts = (await loadedRules(run.prometheus)).filter(({ type }) => type === 'alerting').map(({ name }) => name);
  const all = [...alarms, ...alerts];
  const seen = new Set([...run.alarmsSeen(), ...(await run.alertsSeen())]);
  expect(all.filter((name) => !seen.has(name) && !SET_OFF_IN_A_CLUSTER.includes(name))).toEqual([]);
  expect(SET_OFF_IN_A_CLUSTER.filter((name) => !all.includes(name))).toEqual([]);
  const here = all.filter((name) => !SET_OFF_IN_A_CLUSTER.includes(name));
  print(`${here.length} of ${all.length} alarms and alerts set off here, ${all.length - here.length} in a cluster`);
});

/** The PromQL of every panel of every board. */
function boardQueries(): { where: string; query: string }[] {
  interface Board {
    readonly title: string;
    readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr?: string }[] }[];
  }
  return (contentOf('Pipeline', {}).dashboards as unknown as readonly Board[]).flatMap((board) =>
    board.panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr }) => (expr === undefined ? [] : [{ where: `${board.title}, ${title}`, query: expr }])),
    ),
  );
}
