import { batchFlow, dagTasks, sparkSubmit, type FlowTask } from '../../../lib/constructs/batch-flow';
import { workflowDefinition } from '../../../lib/constructs/workflow-definition';

const NAMES = {
  functions: { seal: 'seal-fn', compact: 'compact-fn', publish: 'publish-fn', reconcile: 'reconcile-fn' },
  spark: { applicationId: 'app', jobRoleArn: 'job-role', lake: 'lake-bucket' },
};
const flow = batchFlow({ partitions: 3, viewsEngine: 'spark' });
const ids = (tasks: readonly FlowTask[]) => tasks.map(({ id }) => id);

test('each task comes after those that it depends on', () => {
  for (const [at, { after }] of flow.entries()) {
    for (const id of after) expect(ids(flow.slice(0, at))).toContain(id);
  }
  expect(Object.fromEntries(flow.map(({ id, after }) => [id, after]))).toEqual({
    seal: [],
    compact_0: ['seal'],
    compact_1: ['seal'],
    compact_2: ['seal'],
    commit: ['compact_0', 'compact_1', 'compact_2'],
    spark: ['commit'],
    publish: ['spark'],
    reconcile: ['publish'],
  });
});

test('the tasks of compact share all partitions among them', () => {
  const shares = flow.flatMap((task) =>
    task.kind === 'step' && task.payload.step === 'compact' ? [task.payload] : [],
  );
  expect(shares).toEqual([0, 1, 2].map((partition) => ({ step: 'compact', partition, of: 3 })));
});

test('the DAG gets every task with its function, and waits for the archive and the speed layer only', () => {
  const tasks = dagTasks(flow, NAMES);
  expect(tasks).toContainEqual({
    id: 'compact_1',
    after: ['seal'],
    function: 'compact-fn',
    payload: { step: 'compact', partition: 1, of: 3 },
    patienceSeconds: 0,
  });
  expect(tasks[0]).toEqual({
    id: 'seal',
    after: [],
    function: 'seal-fn',
    payload: {},
    patienceSeconds: 480,
    first: true,
  });
  expect(tasks.at(-1)).toMatchObject({ id: 'reconcile', patienceSeconds: 120 });
});

test('Spark reads its intervals from the list beside the plan', () => {
  expect(sparkSubmit('lake-bucket')).toEqual({
    entryPoint: 's3://lake-bucket/jobs/batch_views.py',
    entryPointArguments: [
      '--lake',
      's3://lake-bucket',
      '--views',
      's3://lake-bucket/jobs/views.json',
      '--plan',
      's3://lake-bucket/plan/views.json',
      '--run',
      '{{ ti.run_id }}',
    ],
  });
  expect(dagTasks(flow, NAMES)[5]).toEqual({
    id: 'spark',
    after: ['commit'],
    listedBy: 'commit',
    spark: { applicationId: 'app', jobRoleArn: 'job-role', ...sparkSubmit('lake-bucket') },
  });
});

test('with DuckDB alone there is one task fewer, and nothing is of Spark', () => {
  const duckdb = batchFlow({ partitions: 3, viewsEngine: 'duckdb' });
  expect(ids(duckdb)).toEqual(ids(flow).filter((id) => id !== 'spark'));
  const { functions } = NAMES;
  expect(dagTasks(duckdb, { functions })[5]).toMatchObject({ id: 'publish', after: ['commit'] });
  const { tasks } = workflowDefinition({ name: 'w', intervalMinutes: 60, tasks: duckdb, functions }).w;
  expect(tasks.publish.dependencies).toEqual(['commit']);
});

test('by size, Spark runs what commit leaves to it, as where it computes all views', () => {
  expect(batchFlow({ partitions: 3, viewsEngine: 'auto' })).toEqual(flow);
});
