/**
 * See everything: under a load with bad posts, re-sent posts and outages, every query of boards and rules has data, every
 * metric that a widget or an alarm names is reported, and the faults that one machine can have set off the alarms they should.
 */
import { Kafka, logLevel } from 'kafkajs';
import { contentOf } from '../../dashboards';
import { ENV } from '../../lambda/shared/env';
import { bucketName } from '../../lambda/shared/buckets';
import { tableName } from '../../lambda/shared/cql';
import { connect } from '../../lambda/shared/keyspaces';
import { METRICS, metricNamespace, type MetricName } from '../../lambda/shared/metrics';
import { keyspacesStore } from '../../lambda/shared/store';
import { findFunction } from '../../local/assembly/local-plan';
import { namedMetrics } from '../../local/assembly/named-metrics';
import { REGION } from '../../local/assembly/resource-types';
import { keyOf } from '../../local/cloud/data-points';
import { emulate } from '../../local/emulator/emulate';
import { waitUntilThrough } from '../../local/run/completion';
import { loadedRules, seriesOf } from '../../local/run/prometheus-queries';
import { idOf, until } from '../support/until';
import { ObservedRun } from './observed-run';

jest.setTimeout(300_000);

const MINUTE_MS = 60_000;
const POSTS = 600;
/** A number of followers that the cleaning cannot interpret: the post is taken, and set aside. */
const unreadable = (index: number) => ({ pin: { index, category: 'art', follower_count: 'many' } });
const good = (index: number) => ({ pin: { index, category: 'art', follower_count: '12k' } });
const list = <T>(length: number, of: (i: number) => T) => Array.from({ length }, (_, i) => of(i));

const TWO_BROKERS = 'it takes two brokers: kafka-faults.itest.ts has them';

/** What a machine with one broker can't be brought to, or not within minutes; `promtool` and unit tests have the cases. */
const NOT_MADE: Readonly<Record<string, string>> = {
  dropped: 'only a mistake in the counting of a step sets it off',
  'boundary-stuck': 'the boundary would have to stand still for half the life of speed rows, twelve hours',
  'canary-batch': 'no canary would have to be published for four minutes',
  'archive-late': 'records would have to wait for two minutes, in each of three periods',
  'aggregate-late': 'records would have to wait for half a minute, in each of three periods',
  'ingest-throttled': 'a function has as many instances as it likes here',
  'write-conflicts': 'two writers would have to be at one partition: the aggregation’s own suite has them',
  'kafka-offline': 'the only broker is its own controller: with it gone nobody tells of partitions without a leader',
  'kafka-disk': 'the disk of the machine would have to be filled',
  KafkaOfflinePartitions: TWO_BROKERS,
  KafkaControllers: 'with the only controller gone nobody tells how many there are',
  KafkaUnderMinIsr: TWO_BROKERS,
  KafkaUnderReplicated: TWO_BROKERS,
  KafkaDiskFilling: 'the disk of the machine would have to be filled',
  KafkaDiskFull: 'the disk of the machine would have to be filled',
  KafkaCpuHigh: 'what else runs on the machine decides it',
  KafkaProduceSlow: TWO_BROKERS,
  KafkaHandlersBusy: 'the broker would have to be saturated for a minute',
  KafkaProduceFailing: TWO_BROKERS,
  KafkaHeapFull: 'a broker whose heap is full is about to end',
  KafkaGarbageCollection: 'a broker whose heap is full is about to end',
};

const tell = (line: string) => process.stdout.write(`${line}\n`);

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
    bucketMinutes: 1,
    patience: 240_000,
    progress: () => undefined,
  });

test('the broker is killed: ingest fails and the node is down until it is back, and its return is told', async () => {
  const { cloud, kafka } = run.running;
  const posts = { url: cloud.ingestUrl, posts: POSTS };
  await emulate({ ...posts, seed: 1 });
  // Every post a second time.
  await emulate({ ...posts, seed: 1 });
  await run.post(list(10, unreadable));
  const refused = [
    await run.post({ pin: { category: 'without a key' } }),
    await fetch(`${cloud.ingestUrl}/posts`, { method: 'POST', body: '{"pin":' }),
    await fetch(`${cloud.queryUrl}/views/unknown`),
    await fetch(`${cloud.queryUrl}/answers/popular_category_by_year?post_year=soon`),
  ];
  expect(refused.map(({ status }) => status)).toEqual([400, 400, 404, 400]);

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

test('a burst of posts that are none is told, and ends', async () => {
  const stop = run.repeat(500, () => run.post(list(50, (i) => (i % 10 === 0 ? unreadable(i) : good(i)))));
  await run.untilAlarms('ALARM', 'quarantine-burst');
  await stop();
  await run.untilAlarms('OK', 'quarantine-burst');
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
  tell(`${counts.size} expressions in ${asked.length} places, ${empty().length} empty, ${series} series`);
  expect(asked.length).toBeGreaterThan(40);
});

test('aggregation is paused: canaries no longer come out, answers are late, and its lag grows until it goes on', async () => {
  const { cloud } = run.running;
  await run.untilAlarms('OK', 'canary-speed', 'boundary-late', 'answers-are-late');
  // From here on nothing is published: the last test finds the boundary late.
  await (await run.airflow).stop();
  await cloud.enableEventSource('aggregate', false);
  await run.untilAlarms('ALARM', 'canary-speed', 'answers-are-late');
  // The others go on: only what aggregation brings is missing.
  expect(['archive-lag', 'archive-stuck', 'ingest-failing'].map((id) => run.stateOf(id))).toEqual(['OK', 'OK', 'OK']);

  await cloud.enableEventSource('archive', false);
  await emulate({ url: cloud.ingestUrl, posts: 3_000, seed: 2, firstIndex: 10_000 });
  await run.untilAlarms('ALARM', 'archive-lag', 'aggregate-lag');
  await run.untilAlert('KafkaConsumerLate', true);
  await cloud.enableEventSource('archive', true);
  await cloud.enableEventSource('aggregate', true);
  await run.untilAlarms('OK', 'canary-speed', 'archive-lag', 'aggregate-lag');
  await run.untilAlert('KafkaConsumerLate', false);
});

test('stores are away: both consumers stand still, questions and the batch layer fail, and all go on', async () => {
  const { cloud, cassandra, s3 } = run.running;
  const { bucket } = await run.query.boundary();
  run.leaveEnginesAlone();
  await Promise.all([cassandra.kill9(), s3.kill9()]);
  run.repeat(500, () => run.post(good(2)));
  run.repeat(500, () => fetch(`${cloud.queryUrl}/boundary`));
  // As Airflow does, again and again.
  run.repeat(1_000, () => cloud.invoke('seal', { bucket: bucketName(Date.parse(bucket!) + MINUTE_MS) }));
  const failing = ['aggregate-stuck', 'archive-stuck', 'query-failing', 'batch-failing'];
  await run.untilAlarms('ALARM', ...failing);
  run.superviseEngines();
  await run.untilAlarms('OK', ...failing);
});

test('a speed row is lost: drift is told, and ends when it is back', async () => {
  const { cloud, cassandra, plan } = run.running;
  const { bucket, firstBucket } = await run.query.boundary();
  const [first, last] = [Date.parse(firstBucket!), Date.parse(bucket!)];
  const table = speedTable();
  const session = connect({ AWS_REGION: REGION, AWS_ENDPOINT_URL_KEYSPACES: cassandra.endpointUrl });
  try {
    const view = 'posts_by_category';
    const unused = { speedState: table, batchViews: table, boundary: table };
    const store = keyspacesStore(session, { speedViews: table, ...unused });
    const published = Array.from({ length: (last - first) / MINUTE_MS + 1 }, (_, i) => first + i * MINUTE_MS);
    const [row] = await store.scanSpeedRows(view, published);
    const at = [view, new Date(row.bucket), row.partition];
    await session.execute(`DELETE FROM ${table} WHERE view_name = ? AND bucket = ? AND kafka_partition = ?`, at);
    const reconcile = () => cloud.invoke('reconcile', { buckets: [bucketName(row.bucket)] });
    await reconcile();
    await run.untilAlarms('ALARM', 'drift', 'answers-may-be-wrong');
    await store.casSpeedRow({ view, bucket: row.bucket, partition: row.partition }, undefined, row);
    run.repeat(1_000, reconcile);
    await run.untilAlarms('OK', 'drift', 'answers-may-be-wrong');
  } finally {
    await session.shutdown();
  }

  function speedTable(): string {
    const { environment } = findFunction(plan.functions, 'aggregate');
    return tableName(environment[ENV.keyspace], environment[ENV.speedViews]);
  }
});

test('the log loses records before they are aggregated: the gap is told', async () => {
  const { cloud, kafka, plan } = run.running;
  await cloud.enableEventSource('aggregate', false);
  await run.post(list(30, (i) => good(20_000 + i)));
  const archived = async () => {
    const lags = await cloud.lag();
    return Object.values(lags[findFunction(plan.functions, 'archive').logicalId]).every((lag) => lag === 0);
  };
  await until('all is archived', archived);
  await deleteAll(kafka.plainBrokers, plan.topics[0].name);
  await run.post(list(30, (i) => good(30_000 + i)));
  await cloud.enableEventSource('aggregate', true);
  await run.untilAlarms('ALARM', 'gap', 'answers-may-be-wrong');
});

test('nothing was published since Airflow was stopped: the boundary is late', async () => {
  await run.untilAlarms('ALARM', 'boundary-late', 'answers-are-late');
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
  tell(`${ours.length} metrics of widgets and alarms, 0 without data`);
});

test('every alarm and every alert went off, or is on the list of those that one machine can not set off', async () => {
  const alarms = Object.keys(run.alarms.states()).map(idOf);
  const alerts = (await loadedRules(run.prometheus)).filter(({ type }) => type === 'alerting').map(({ name }) => name);
  const seen = new Set([...run.alarmsSeen(), ...(await run.alertsSeen())]);
  const all = [...alarms, ...alerts];
  expect(all.filter((name) => !seen.has(name) && !(name in NOT_MADE))).toEqual([]);
  expect(Object.keys(NOT_MADE).filter((name) => !all.includes(name))).toEqual([]);
  const made = all.filter((name) => !(name in NOT_MADE));
  tell(`${made.length} of ${all.length} alarms and alerts set off: ${made.join(', ')}`);
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

/** Everything that is on a topic, as if its retention were over. */
async function deleteAll(brokers: string, topic: string): Promise<void> {
  const admin = new Kafka({ clientId: 'test', brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic, partitions });
  } finally {
    await admin.disconnect();
  }
}
