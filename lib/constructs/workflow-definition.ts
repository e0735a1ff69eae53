/**
 * The batch layer as a workflow of MWAA Serverless, in the YAML that the service takes. Pure: the definition is a function of the
 * flow and of names, which may be tokens.
 *
 * The service knows Amazon's operators only: no mapped tasks, no loop, and no task of one's own that waits. So a task that is invoked
 * until it is done is written once for each round, and what is not there yet is an error, which the service retries.
 * @see https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/supported-airflow-parameters.html
 */
import { RUN_TEMPLATE, sparkSubmit, type FlowNames, type FlowTask, type StepTask } from './batch-flow';

/** Minutes after the end of an interval: by then most partitions have a later record, and the archive has them. */
const LATEST_OFFSET = 5;

/** The longest that the service lets a task run, seconds. */
const LONGEST_TASK = 3_600;

const POLL_SECONDS = 30;

const OPERATORS = 'airflow.providers.amazon.aws.operators';
const INVOKE = `${OPERATORS}.lambda_function.LambdaInvokeFunctionOperator`;
const START_JOB = `${OPERATORS}.emr.EmrServerlessStartJobOperator`;

export interface WorkflowOptions extends FlowNames {
  /** Name of the workflow. */
  readonly name: string;
  readonly intervalMinutes: number;
  readonly tasks: readonly FlowTask[];
}

/** A duration as the service wants it written. */
interface Timedelta {
  readonly __type__: 'datetime.timedelta';
  readonly seconds: number;
}

export interface WorkflowTask {
  /** Full name of the class. */
  readonly operator: string;
  /** Tasks that must have succeeded. */
  readonly dependencies?: readonly string[];
  readonly retries: number;
  readonly retry_delay: Timedelta;
  readonly execution_timeout: Timedelta;
  /** Arguments of the operator. */
  readonly [argument: string]: unknown;
}

/** One workflow under its name, as DAG factories write it. */
export type WorkflowDefinition = Readonly<
  Record<
    string,
    {
      readonly dag_id: string;
      /** Cron, UTC. */
      readonly schedule: string;
      /** The first day that it runs on. */
      readonly start_date: string;
      readonly tasks: Readonly<Record<string, WorkflowTask>>;
    }
  >
>;

const seconds = (value: number): Timedelta => ({ __type__: 'datetime.timedelta', seconds: value });

/** What all tasks share; the service takes up to three retries, five minutes apart. */
const COMMON = { retries: 3, retry_delay: seconds(60), execution_timeout: seconds(LONGEST_TASK) };

/** When runs start: a little after the end of each interval. */
export function cron(intervalMinutes: number): string {
  const offset = Math.min(LATEST_OFFSET, Math.floor(intervalMinutes / 3));
  if (intervalMinutes >= 60) {
    const hours = intervalMinutes / 60;
    return `${offset} ${hours === 1 ? '*' : hours === 24 ? '0' : `*/${hours}`} * * *`;
  }
  const minutes = Array.from({ length: 60 / intervalMinutes }, (_, index) => index * intervalMinutes + offset);
  return `${minutes.join(',')} * * * *`;
}

/** The tasks of a step, one a round, each after the one before. */
function rounds(task: StepTask, after: readonly string[], functionName: string): [string, WorkflowTask][] {
  const payload = JSON.stringify({ ...task.payload, run: RUN_TEMPLATE, notYet: 'fail' });
  return Array.from({ length: task.rounds }, (_, round) => {
    const dependencies = round === 0 ? after : [roundId(task, round - 1)];
    return [
      roundId(task, round),
      {
        operator: INVOKE,
        ...COMMON,
        ...(dependencies.length > 0 && { dependencies }),
        function_name: functionName,
        payload,
      },
    ];
  });
}

const roundId = ({ id }: StepTask, round: number) => (round === 0 ? id : `${id}_round_${round + 1}`);

/** The task after which a task of the flow is through. */
const lastOf = (task: FlowTask) => (task.kind === 'step' ? roundId(task, task.rounds - 1) : task.id);

export function workflowDefinition(options: WorkflowOptions): WorkflowDefinition {
  const { name, intervalMinutes, functions } = options;
  const flow = new Map(options.tasks.map((task) => [task.id, task]));
  const tasks = options.tasks.flatMap((task): [string, WorkflowTask][] => {
    const after = task.after.map((id) => lastOf(flow.get(id)!));
    if (task.kind === 'step') return rounds(task, after, functions[task.function]);
    const { applicationId, jobRoleArn, lake } = options.spark!;
    const spark = {
      operator: START_JOB,
      ...COMMON,
      dependencies: after,
      application_id: applicationId,
      execution_role_arn: jobRoleArn,
      name: 'batch views',
      job_driver: { sparkSubmit: sparkSubmit(lake) },
      waiter_delay: POLL_SECONDS,
      // So that the wait is given up, and the job cancelled, before the task is.
      waiter_max_attempts: Math.floor((0.9 * LONGEST_TASK) / POLL_SECONDS),
    };
    return [[task.id, spark]];
  });
  return {
    [name]: {
      dag_id: name,
      schedule: cron(intervalMinutes),
      start_date: '2026-01-01',
      tasks: Object.fromEntries(tasks),
    },
  };
}
