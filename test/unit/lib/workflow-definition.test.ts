import { batchFlow } from '../../../lib/constructs/batch-flow';
import {
  cron,
  workflowDefinition,
  type WorkflowOptions,
  type WorkflowTask,
} from '../../../lib/constructs/workflow-definition';

const OPTIONS: WorkflowOptions = {
  name: 'pinterest-lean',
  intervalMinutes: 60,
  tasks: batchFlow({ partitions: 3, viewsEngine: 'spark' }),
  functions: { seal: 'seal-fn', compact: 'compact-fn', publish: 'publish-fn', reconcile: 'reconcile-fn' },
  spark: { applicationId: 'app', jobRoleArn: 'job-role', lake: 'lake-bucket' },
};
const { tasks, ...workflow } = workflowDefinition(OPTIONS)['pinterest-lean'];
const INVOKE = 'airflow.providers.amazon.aws.operators.lambda_function.LambdaInvokeFunctionOperator';

test('it is one workflow with a cron schedule, under its own name', () => {
  expect(Object.keys(workflowDefinition(OPTIONS))).toEqual(['pinterest-lean']);
  expect(workflow).toEqual({ dag_id: 'pinterest-lean', schedule: '5 * * * *', start_date: '2026-01-01' });
});

test('the tasks come in the order of the flow, with two rounds of compact for each partition', () => {
  const order = Object.fromEntries(Object.entries(tasks).map(([id, { dependencies = [] }]) => [id, dependencies]));
  expect(order).toEqual({
    seal: [],
    compact_0: ['seal'],
    compact_0_round_2: ['compact_0'],
    compact_1: ['seal'],
    compact_1_round_2: ['compact_1'],
    compact_2: ['seal'],
    compact_2_round_2: ['compact_2'],
    commit: ['compact_0_round_2', 'compact_1_round_2', 'compact_2_round_2'],
    spark: ['commit'],
    publish: ['spark'],
    reconcile: ['publish'],
  });
});

test('each step calls its function', () => {
  const called = Object.entries(tasks)
    .filter(([, { operator }]) => operator === INVOKE)
    .map(([id, task]) => `${id} ${String(task.function_name)}`);
  expect(called).toEqual([
    'seal seal-fn',
    'compact_0 compact-fn',
    'compact_0_round_2 compact-fn',
    'compact_1 compact-fn',
    'compact_1_round_2 compact-fn',
    'compact_2 compact-fn',
    'compact_2_round_2 compact-fn',
    'commit compact-fn',
    'publish publish-fn',
    'reconcile reconcile-fn',
  ]);
});

test('a step gets the id of the run and no interval, and what is not there yet is an error', () => {
  expect(JSON.parse(String(tasks.compact_1_round_2.payload))).toEqual({
    step: 'compact',
    partition: 1,
    of: 3,
    run: '{{ ti.run_id }}',
    notYet: 'fail',
  });
  expect(JSON.parse(String(tasks.seal.payload))).toEqual({ run: '{{ ti.run_id }}', notYet: 'fail' });
});

test('Spark runs as the job role, and waits no longer than its task may run', () => {
  const { spark } = tasks;
  expect(spark).toMatchObject({
    operator: 'airflow.providers.amazon.aws.operators.emr.EmrServerlessStartJobOperator',
    application_id: 'app',
    execution_role_arn: 'job-role',
    job_driver: { sparkSubmit: { entryPoint: 's3://lake-bucket/jobs/batch_views.py' } },
  });
  expect(Number(spark.waiter_delay) * Number(spark.waiter_max_attempts)).toBeLessThan(spark.execution_timeout.seconds);
});

/** What the service takes of a task, and what it ignores or refuses. */
describe('each task', () => {
  const all: [string, WorkflowTask][] = Object.entries(tasks);

  test.each(all)('%s stays within the limits of the service', (_id, task) => {
    expect(task.retries).toBeLessThanOrEqual(3);
    expect(task.retry_delay).toEqual({ __type__: 'datetime.timedelta', seconds: expect.any(Number) });
    expect(task.retry_delay.seconds).toBeLessThanOrEqual(300);
    expect(task.execution_timeout).toEqual({ __type__: 'datetime.timedelta', seconds: 3_600 });
  });

  test.each(all)('%s says nothing that the service leaves out', (_id, task) => {
    for (const key of ['botocore_config', 'deferrable', 'trigger_rule', 'aws_conn_id', 'region_name', 'verify']) {
      expect(task).not.toHaveProperty(key);
    }
  });

  test.each(all)('%s uses no template that only our own DAG knows', (_id, task) => {
    expect(JSON.stringify(task)).not.toMatch(/seal_event|client_token|interval_minutes|tojson|dag_run/);
  });
});

test.each([
  [1, '0,1,2,3,4,5,6,7,8,9,'],
  [15, '5,20,35,50 * * * *'],
  [30, '5,35 * * * *'],
  [60, '5 * * * *'],
  [120, '5 */2 * * *'],
  [1_440, '5 0 * * *'],
])('intervals of %d minutes run at %s', (minutes, expected) => {
  expect(cron(minutes)).toMatch(new RegExp(`^${expected.replaceAll('*', '\\*').replaceAll('/', '\\/')}`));
});
