/**
 * The batch layer as a workflow of MWAA Serverless: the flow of `dags/pipeline.py`, in the YAML that the service reads. Pure: the
 * definition is a function of the configuration and of names, which may be tokens.
 *
 * The service supports only Amazon's operators and Airflow's macros, no mapped tasks and no custom tasks. So each partition has
 * its own `compact` task, and templates extract the names of the intervals from the response of `seal`.
 * @see https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/supported-airflow-parameters.html
 */
import { SPARK_JOB_KEY, SPARK_VIEWS_KEY } from '../../lambda/formats/keys';

/** Minutes after the end of an interval. By then most partitions have a later record, and the archive has it. */
const LATEST_OFFSET = 5;

/** The longest time that the service lets a task run, seconds. */
const LONGEST_TASK = 3_600;

const POLL_SECONDS = 30;

const OPERATORS = 'airflow.providers.amazon.aws.operators';
const INVOKE = `${OPERATORS}.lambda_function.LambdaInvokeFunctionOperator`;
const START_JOB = `${OPERATORS}.emr.EmrServerlessStartJobOperator`;

export interface WorkflowOptions {
  /** Name of the workflow. */
  readonly name: string;
  readonly intervalMinutes: number;
  readonly partitions: number;
  /** Names of the functions. */
  readonly functions: Readonly<Record<'seal' | 'compact' | 'publish' | 'reconcile', string>>;
  readonly applicationId: string;
  readonly jobRoleArn: string;
  /** Name of the lake's S3 bucket. */
  readonly lake: string;
}

/** A duration in the form that the service requires. */
interface Timedelta {
  readonly __type__: 'datetime.timedelta';
  readonly seconds: number;
}

export interface WorkflowTask {
  /** Full name of the operator's class. */
  readonly operator: string;
  /** Tasks that must have succeeded. */
  readonly dependencies?: readonly string[];
  readonly retries: number;
  readonly retry_delay: Timedelta;
  readonly execution_timeout: Timedelta;
  /** Arguments of the operator. */
  readonly [argument: string]: unknown;
}

/** One workflow under its name, in the format of DAG Factory. */
export type WorkflowDefinition = Readonly<
  Record<
    string,
    {
      readonly dag_id: string;
      /** Cron, UTC. */
      readonly schedule: string;
      /** The first day on which it runs. */
      readonly start_date: string;
      readonly tasks: Readonly<Record<string, WorkflowTask>>;
    }
  >
>;

const seconds = (value: number): Timedelta => ({ __type__: 'datetime.timedelta', seconds: value });

/** Settings of all tasks. The service allows up to three retries, five minutes apart. */
const COMMON = { retries: 3, retry_delay: seconds(60), execution_timeout: seconds(LONGEST_TASK) };

/** The schedule of runs: shortly after the end of each interval. */
export function cron(intervalMinutes: number): string {
  const offset = Math.min(LATEST_OFFSET, Math.floor(intervalMinutes / 3));
  if (intervalMinutes >= 60) {
    const hours = intervalMinutes / 60;
    return `${offset} ${hours === 1 ? '*' : hours === 24 ? '0' : `*/${hours}`} * * *`;
  }
  const minutes = Array.from({ length: 60 / intervalMinutes }, (_, index) => index * intervalMinutes + offset);
  return `${minutes.join(',')} * * * *`;
}

/**
 * The newest interval that is over when the task runs. It does not use the run's date, because the service decides whether that
 * is the start or the end of an interval. A retry in the next hour also processes that hour's interval.
 */
function newestOver(intervalMinutes: number): string {
  const length = intervalMinutes * 60;
  return `{{ macros.time.strftime('%Y-%m-%dT%H-%M', macros.time.gmtime((macros.time.time() // ${length} - 1) * ${length})) }}`;
}

/** Length of an interval's name, as 2026-11-22T21-00. */
const NAME_LENGTH = 16;

/**
 * The names of the sealed intervals, one by one. The response of `seal` is JSON, which templates can't parse. But Lambda writes it
 * without spaces, and each of its intervals begins with its name, which has a fixed length.
 */
function eachInterval(quote: string): string {
  return (
    `{% for part in ti.xcom_pull(task_ids='seal').split('"interval":"')[1:] %}` +
    `${quote}{{ part[:${NAME_LENGTH}] }}${quote}{{ '' if loop.last else ',' }}{% endfor %}`
  );
}

const INTERVALS_JSON = `[${eachInterval('"')}]`;
const INTERVALS_LIST = eachInterval('');

function invoke(functionName: string, payload: string, dependencies: readonly string[]): WorkflowTask {
  return {
    operator: INVOKE,
    ...COMMON,
    ...(dependencies.length > 0 && { dependencies }),
    function_name: functionName,
    payload,
  };
}

export function workflowDefinition(options: WorkflowOptions): WorkflowDefinition {
  const { name, intervalMinutes, partitions, functions, lake } = options;
  const compact = Array.from({ length: partitions }, (_, partition) => ({ id: `compact_${partition}`, partition }));
  const tasks: Record<string, WorkflowTask> = {
    seal: invoke(functions.seal, `{"interval":"${newestOver(intervalMinutes)}"}`, []),
    ...Object.fromEntries(
      compact.map(({ id, partition }) => [
        id,
        invoke(functions.compact, `{"step":"compact","partition":${partition},"intervals":${INTERVALS_JSON}}`, [
          'seal',
        ]),
      ]),
    ),
    commit: invoke(
      functions.compact,
      `{"step":"commit","intervals":${INTERVALS_JSON}}`,
      compact.map(({ id }) => id),
    ),
    spark: {
      operator: START_JOB,
      ...COMMON,
      dependencies: ['commit'],
      application_id: options.applicationId,
      execution_role_arn: options.jobRoleArn,
      name: 'batch views',
      job_driver: {
        sparkSubmit: {
          entryPoint: `s3://${lake}/${SPARK_JOB_KEY}`,
          entryPointArguments: [
            '--lake',
            `s3://${lake}`,
            '--views',
            `s3://${lake}/${SPARK_VIEWS_KEY}`,
            '--intervals',
            INTERVALS_LIST,
          ],
        },
      },
      waiter_delay: POLL_SECONDS,
      // The wait ends, and the job is cancelled, before the task times out.
      waiter_max_attempts: Math.floor((0.9 * LONGEST_TASK) / POLL_SECONDS),
    },
    publish: invoke(functions.publish, `{"intervals":${INTERVALS_JSON}}`, ['spark']),
    reconcile: invoke(functions.reconcile, `{"intervals":${INTERVALS_JSON}}`, ['publish']),
  };
  return { [name]: { dag_id: name, schedule: cron(intervalMinutes), start_date: '2026-01-01', tasks } };
}
