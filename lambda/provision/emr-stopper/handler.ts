/**
 * Stops the Spark application and waits until it has stopped: EMR Serverless rejects updates and deletion of a started
 * application, and each job starts it. Idempotent: a stopped or deleted application is left unchanged.
 */
import { CloudFormationClient, DescribeStackResourceCommand } from '@aws-sdk/client-cloudformation';
import {
  CancelJobRunCommand,
  EMRServerlessClient,
  GetApplicationCommand,
  ListJobRunsCommand,
  StopApplicationCommand,
} from '@aws-sdk/client-emr-serverless';
import { customResource, type CustomResource, type CustomResourceRequest } from '../../runtime/custom-resource';
import { invoked, log } from '../../runtime/log';
import { type ApplicationState, nextStep, type Task, taskOf } from './core';

/** The AWS operations that the handler uses. */
export interface Applications {
  /** The current id of a stack's resource; undefined if the resource does not exist yet. */
  idOf(stackId: string, logicalId: string): Promise<string | undefined>;
  /** Undefined if the application does not exist. */
  state(id: string): Promise<ApplicationState | undefined>;
  /** Ids of unfinished jobs. */
  jobs(id: string): Promise<readonly string[]>;
  /** Returns the reason if EMR rejected the stop: a job was submitted in the meantime. */
  stop(id: string): Promise<string | undefined>;
  /** Does nothing if the job has finished. */
  cancel(id: string, job: string): Promise<void>;
}

export interface StopOptions {
  readonly applications: Applications;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

const POLL_MS = 5_000;

/** Time reserved for the response. */
const RESERVE_MS = 15_000;

const taskFor = ({ RequestType, ResourceProperties, PhysicalResourceId }: CustomResourceRequest): Task =>
  taskOf(RequestType, ResourceProperties, PhysicalResourceId);

/** @throws Error with the reason, if the application has not stopped shortly before the function times out */
function stopWork({ applications, sleep }: StopOptions): CustomResource['work'] {
  return async (request, context) => {
    const task = taskFor(request);
    if (task.kind === 'nothing') return;
    const { application } = task;
    const id = 'id' in application ? application.id : await applications.idOf(request.StackId, application.logicalId);
    if (id === undefined) return;
    for (;;) {
      const state = await applications.state(id);
      const jobs = state === 'STARTED' ? await applications.jobs(id) : [];
      const step = nextStep(state, jobs, task.jobs);
      if (step.kind === 'done') return;
      log.info(step.kind, { application: id, state, jobs });
      let reason = step.kind === 'wait' ? step.reason : `it was ${state} when ${step.kind} was requested`;
      if (step.kind === 'stop') reason = (await applications.stop(id)) ?? reason;
      if (step.kind === 'cancel') for (const job of step.jobs) await applications.cancel(id, job);
      if (context.getRemainingTimeInMillis() < RESERVE_MS + POLL_MS) {
        throw new Error(`application ${id} has not stopped in time: ${reason}; then retry`);
      }
      await sleep(POLL_MS);
    }
  };
}

export function stopperOf(options: StopOptions): CustomResource {
  return { identify: (request) => taskFor(request).physicalId, work: stopWork(options) };
}

/** @see https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_JobRun.html */
const NOT_OVER = ['SUBMITTED', 'PENDING', 'SCHEDULED', 'RUNNING', 'QUEUED', 'CANCELLING'] as const;

const named = (error: unknown, name: string) => error instanceof Error && error.name === name;

/** The applications of this account and region. */
export function awsApplications(emr: EMRServerlessClient, stacks: CloudFormationClient): Applications {
  return {
    async idOf(stackId, logicalId) {
      try {
        const { StackResourceDetail } = await stacks.send(
          new DescribeStackResourceCommand({ StackName: stackId, LogicalResourceId: logicalId }),
        );
        const { PhysicalResourceId: id, ResourceStatus: status } = StackResourceDetail ?? {};
        return status === 'DELETE_COMPLETE' ? undefined : id || undefined;
      } catch (error) {
        // CloudFormation's error for a resource that does not exist yet.
        if (named(error, 'ValidationError') && /does not exist/.test((error as Error).message)) return undefined;
        throw error;
      }
    },
    async state(applicationId) {
      try {
        const { application } = await emr.send(new GetApplicationCommand({ applicationId }));
        return application?.state;
      } catch (error) {
        if (named(error, 'ResourceNotFoundException')) return undefined;
        throw error;
      }
    },
    async jobs(applicationId) {
      const { jobRuns = [] } = await emr.send(
        new ListJobRunsCommand({ applicationId, states: [...NOT_OVER], maxResults: 50 }),
      );
      return jobRuns.flatMap(({ id }) => id ?? []);
    },
    async stop(applicationId) {
      try {
        await emr.send(new StopApplicationCommand({ applicationId }));
        return undefined;
      } catch (error) {
        if (named(error, 'ValidationException')) return (error as Error).message;
        throw error;
      }
    },
    async cancel(applicationId, jobRunId) {
      try {
        await emr.send(new CancelJobRunCommand({ applicationId, jobRunId }));
      } catch (error) {
        if (!named(error, 'ValidationException') && !named(error, 'ResourceNotFoundException')) throw error;
      }
    },
  };
}

export const handler = invoked(() =>
  customResource(
    stopperOf({
      applications: awsApplications(new EMRServerlessClient(), new CloudFormationClient()),
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    }),
  ),
);
