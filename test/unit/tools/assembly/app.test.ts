/** The app's own assembly of stage local with both views engines, as the run reads it: what one part names, another part is. */
import { loadConfig } from '../../../../lib/config';
import { type FunctionPlan, findFunction, type LocalPlan } from '../../../../tools/assembly/local-plan';
import { readLocalPlan } from '../../../../tools/assembly/read-plan';
import { assemblyOf } from '../../../support/synthesis/assembly';

let plan: LocalPlan;

beforeAll(() => {
  plan = readLocalPlan(assemblyOf({ overrides: { stage: 'local', viewsEngine: 'auto' } }));
}, 60_000);

const find = (what: string): FunctionPlan => findFunction(plan.functions, what);

test('every step is a function of the plan, and so is the canary', () => {
  const steps = ['ingest', 'archive', 'aggregate', 'seal', 'compact', 'publish', 'reconcile', 'query'];
  const names = [...steps.map((step) => find(`steps${step}`).name), find('canaryfunction').name];
  expect(new Set(names)).toEqual(new Set(plan.functions.map(({ name }) => name)));
});

test('ingest has the reserved concurrency of the configuration, and no other function has any', () => {
  const limited = plan.functions.filter(({ reservedConcurrency }) => reservedConcurrency !== undefined);
  expect(limited).toEqual([find('stepsingest')]);
  expect(limited[0].reservedConcurrency).toBe(loadConfig({ stage: 'local' }).ingestConcurrency);
});

test('the variables of the functions name resources of the plan', () => {
  const [cluster] = plan.clusters;
  const [topic] = plan.topics;
  expect(topic.configs).toMatchObject({ 'message.timestamp.type': 'LogAppendTime' });
  expect(topic.clusterArn).toBe(cluster.arn);
  for (const { environment } of plan.functions) {
    const { KAFKA_CLUSTER_ARN, LAKE_BUCKET, KEYSPACE, POSTS_TOPIC } = environment;
    if (KAFKA_CLUSTER_ARN !== undefined) expect(KAFKA_CLUSTER_ARN).toBe(cluster.arn);
    if (LAKE_BUCKET !== undefined) expect(plan.buckets.map(({ name }) => name)).toContain(LAKE_BUCKET);
    if (KEYSPACE !== undefined) expect(plan.keyspaces.map(({ name }) => name)).toEqual([KEYSPACE]);
    if (POSTS_TOPIC !== undefined) expect(POSTS_TOPIC).toBe(topic.name);
    const tables = Object.entries(environment).filter(([name]) => name.endsWith('_TABLE'));
    for (const [, table] of tables) expect(plan.tables.map(({ name }) => name)).toContain(table);
  }
});

test('archive and aggregate read the topic from its start, each in its own consumer group', () => {
  expect(
    plan.eventSources.map(({ functionName, topics, startingPosition }) => [functionName, topics, startingPosition]),
  ).toEqual(['stepsarchive', 'stepsaggregate'].map((step) => [find(step).name, [plan.topics[0].name], 'TRIM_HORIZON']));
  expect(new Set(plan.eventSources.map(({ consumerGroup }) => consumerGroup)).size).toBe(2);
});

test('each API calls its function, and an output has its address', () => {
  for (const [output, step] of [
    ['IngestUrl', 'stepsingest'],
    ['QueryUrl', 'stepsquery'],
  ]) {
    const api = plan.apis.find(({ id }) => plan.outputs[output].startsWith(`https://${id}.`))!;
    expect(new Set(api.routes.map(({ functionName }) => functionName))).toEqual(new Set([find(step).name]));
  }
});

test('the DAG gets the functions, the application and the role of the plan', () => {
  const [environment] = plan.environments;
  interface Task {
    readonly id: string;
    readonly function?: string;
    readonly spark?: { readonly applicationId: string; readonly jobRoleArn: string; readonly entryPoint: string };
  }
  const { tasks } = JSON.parse(environment.configuration['pipeline.config']) as { tasks: readonly Task[] };
  const functions = Object.fromEntries(tasks.flatMap((task) => (task.function ? [[task.id, task.function]] : [])));
  const compact = Array.from({ length: plan.topics[0].partitions }, (_, partition) => `compact_${partition}`);
  expect(functions).toEqual({
    seal: find('stepsseal').name,
    ...Object.fromEntries([...compact, 'commit'].map((id) => [id, find('stepscompact').name])),
    publish: find('stepspublish').name,
    reconcile: find('stepsreconcile').name,
  });
  const { spark } = tasks.find(({ id }) => id === 'spark')!;
  expect(spark).toMatchObject({
    applicationId: plan.applications[0].id,
    entryPoint: `s3://${find('stepsarchive').environment.LAKE_BUCKET}/jobs/batch_views.py`,
  });
  expect(plan.jobRoles).toContain(spark!.jobRoleArn);
  expect(plan.deployments.map(({ bucket, prefix }) => `${bucket}/${prefix}`)).toContain(
    `${environment.bucket}/${environment.dagPath}`,
  );
});
