/**
 * The flow of the batch layer, once: which tasks there are, what each invokes, and which come first. The configuration of
 * `dags/pipeline.py` and the workflow of MWAA Serverless follow from it. Pure: a function of the configuration; names may be tokens.
 */
import { type ViewsEngineName } from '../../lambda/compact/core';
import { SPARK_JOB_KEY, SPARK_VIEWS_KEY, viewsListKey } from '../../lambda/formats/keys';

export type FlowFunction = 'seal' | 'compact' | 'publish' | 'reconcile';

interface Task {
  readonly id: string;
  /** Ids of the tasks that must have succeeded. */
  readonly after: readonly string[];
}

/** Invokes a function until it is done. The event also has the id of the run. */
export interface StepTask extends Task {
  readonly kind: 'step';
  readonly function: FlowFunction;
  readonly payload: Readonly<Record<string, string | number>>;
  /** How long to wait while what the step needs is not there yet, seconds. */
  readonly patienceSeconds: number;
  /** The most invocations, for an orchestrator that has to write each down. The next run goes on where the last one ends. */
  readonly rounds: number;
  /** The first task: it is asked about the run's interval, and the run ends here if nothing is due. */
  readonly first?: true;
}

/** Computes the views that `plan/views.json` lists, as a job of EMR Serverless: those that `commit` has not computed. */
export interface SparkTask extends Task {
  readonly kind: 'spark';
  /** The task that says how many intervals there are to compute. */
  readonly listedBy: string;
}

export type FlowTask = StepTask | SparkTask;

export interface FlowOptions {
  /** Partitions of the topic. Each has a task of `compact`; a seal that names more of them is shared among these tasks. */
  readonly partitions: number;
  readonly viewsEngine: ViewsEngineName;
}

/**
 * The longest window of `archive`, and what it takes after its window. It does not follow the configured window: the tasks are an option
 * of the Airflow environment, and a change of an option restarts the environment.
 */
const ARCHIVE_PATIENCE = 300 + 180;

/** The speed layer is seconds behind, or has an outage that the orchestrator's retries wait out. */
const SPEED_PATIENCE = 120;

/** The tasks, each after those that it depends on. */
export function batchFlow({ partitions, viewsEngine }: FlowOptions): readonly FlowTask[] {
  const step = (
    id: string,
    name: FlowFunction,
    after: readonly string[],
    options: Partial<Pick<StepTask, 'payload' | 'patienceSeconds' | 'rounds' | 'first'>> = {},
  ): StepTask => ({ kind: 'step', id, function: name, after, payload: {}, patienceSeconds: 0, rounds: 1, ...options });
  const compact = Array.from({ length: partitions }, (_, partition) =>
    step(`compact_${partition}`, 'compact', ['seal'], {
      payload: { step: 'compact', partition, of: partitions },
      // The longest step: with two rounds, a run takes more than an interval even where one interval fills the budget.
      rounds: 2,
    }),
  );
  const spark: readonly SparkTask[] =
    viewsEngine === 'duckdb' ? [] : [{ kind: 'spark', id: 'spark', after: ['commit'], listedBy: 'commit' }];
  return [
    step('seal', 'seal', [], { patienceSeconds: ARCHIVE_PATIENCE, first: true }),
    ...compact,
    step(
      'commit',
      'compact',
      compact.map(({ id }) => id),
      { payload: { step: 'commit' } },
    ),
    ...spark,
    step('publish', 'publish', [spark.length > 0 ? 'spark' : 'commit']),
    step('reconcile', 'reconcile', ['publish'], { patienceSeconds: SPEED_PATIENCE }),
  ];
}

/**
 * The id of the run, in Airflow's templates. MWAA Serverless documents `ti`, the task instance, and not `run_id`.
 * @see https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/supported-jinja-parameters.html
 */
export const RUN_TEMPLATE = '{{ ti.run_id }}';

/** What a job of the views engine Spark is. @param lake name of the lake's S3 bucket */
export function sparkSubmit(lake: string): { readonly entryPoint: string; readonly entryPointArguments: string[] } {
  const at = (key: string) => `s3://${lake}/${key}`;
  return {
    entryPoint: at(SPARK_JOB_KEY),
    entryPointArguments: [
      ...['--lake', `s3://${lake}`, '--views', at(SPARK_VIEWS_KEY)],
      ...['--plan', at(viewsListKey), '--run', RUN_TEMPLATE],
    ],
  };
}

export interface FlowNames {
  /** Names of the functions. */
  readonly functions: Readonly<Record<FlowFunction, string>>;
  /** Present where the flow has a job. */
  readonly spark?: {
    readonly applicationId: string;
    readonly jobRoleArn: string;
    /** Name of the lake's S3 bucket. */
    readonly lake: string;
  };
}

/** The tasks as `dags/pipeline.py` reads them, in its configuration. */
export function dagTasks(tasks: readonly FlowTask[], names: FlowNames): readonly object[] {
  return tasks.map((task) => {
    const { id, after } = task;
    if (task.kind === 'spark') {
      const { applicationId, jobRoleArn, lake } = names.spark!;
      return { id, after, listedBy: task.listedBy, spark: { applicationId, jobRoleArn, ...sparkSubmit(lake) } };
    }
    const { payload, patienceSeconds, first } = task;
    return { id, after, function: names.functions[task.function], payload, patienceSeconds, ...(first && { first }) };
  });
}
