/** Job runs of EMR Serverless: each a `spark-submit` process. */
import { randomUUID } from 'node:crypto';
import { split } from 'shlex';
import { type ApplicationPlan } from '../../assembly/local-plan';
import { type SparkCommand, type Supervised, supervise } from '../../engines';

/** `sparkSubmit` of a StartJobRun request. */
export interface SparkSubmit {
  readonly entryPoint: string;
  readonly entryPointArguments?: readonly string[];
  readonly sparkSubmitParameters?: string;
}

export type JobState = 'SUBMITTED' | 'RUNNING' | 'SUCCESS' | 'FAILED' | 'CANCELLED';

/** As in the response of GetJobRun; times are epoch seconds. */
export interface JobRun {
  readonly applicationId: string;
  readonly jobRunId: string;
  readonly arn: string;
  readonly name: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly executionRole: string;
  readonly releaseLabel: string;
  readonly jobDriver: { readonly sparkSubmit: SparkSubmit };
  state: JobState;
  stateDetails: string;
  updatedAt: number;
}

export interface StartJobRun {
  readonly clientToken: string;
  readonly executionRoleArn: string;
  readonly jobDriver: { readonly sparkSubmit: SparkSubmit };
  readonly name?: string;
}

/** A request that the service rejects: `name` is the error type of the API. */
export class ServiceError extends Error {
  constructor(
    readonly statusCode: number,
    name: 'ValidationException' | 'ResourceNotFoundException',
    text: string,
  ) {
    super(text);
    this.name = name;
  }
}

/**
 * Splits a command line as a POSIX shell does, without expanding anything.
 * @throws ServiceError if a quote is not closed
 */
export function splitParameters(line: string): string[] {
  try {
    return split(line);
  } catch {
    throw new ServiceError(400, 'ValidationException', `sparkSubmitParameters: unclosed quote or escape in '${line}'`);
  }
}

export class JobRuns {
  private readonly runs = new Map<string, JobRun>();
  private readonly byToken = new Map<string, string>();
  private readonly processes = new Map<string, Supervised>();

  constructor(
    private readonly applications: readonly ApplicationPlan[],
    private readonly jobRoles: readonly string[],
    /** Undefined only where there is no application. */
    private readonly spark: SparkCommand | undefined,
    /** Absolute folder for one log file per run. */
    private readonly logs: string,
  ) {}

  application(id: string): ApplicationPlan {
    const found = this.applications.find((application) => application.id === id);
    if (!found) throw new ServiceError(404, 'ResourceNotFoundException', `application '${id}' does not exist`);
    return found;
  }

  /** A client token that was used before starts nothing: the result is the run that it started. */
  start(applicationId: string, request: StartJobRun): JobRun {
    const application = this.application(applicationId);
    const { clientToken, executionRoleArn, jobDriver, name = '' } = request;
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(clientToken ?? '')) {
      throw new ServiceError(
        400,
        'ValidationException',
        `clientToken must be 1-64 of A-Z a-z 0-9 . _ -, got '${clientToken}'`,
      );
    }
    if (!this.jobRoles.includes(executionRoleArn)) {
      const allowed = this.jobRoles.join(', ');
      throw new ServiceError(
        400,
        'ValidationException',
        `executionRoleArn must be one of ${allowed}, got '${executionRoleArn}'`,
      );
    }
    if (typeof jobDriver?.sparkSubmit?.entryPoint !== 'string') {
      throw new ServiceError(400, 'ValidationException', 'jobDriver.sparkSubmit.entryPoint must be text');
    }
    const { entryPoint, entryPointArguments = [], sparkSubmitParameters = '' } = jobDriver.sparkSubmit;
    const job = [...splitParameters(sparkSubmitParameters), entryPoint, ...entryPointArguments];
    const known = this.byToken.get(clientToken);
    if (known) return this.runs.get(known)!;
    const jobRunId = randomUUID().replaceAll('-', '').slice(0, 16);
    const now = Date.now() / 1000;
    const run: JobRun = {
      applicationId,
      jobRunId,
      arn: `${application.arn}/jobruns/${jobRunId}`,
      name,
      createdBy: executionRoleArn,
      createdAt: now,
      updatedAt: now,
      executionRole: executionRoleArn,
      releaseLabel: application.releaseLabel,
      jobDriver,
      state: 'SUBMITTED',
      stateDetails: '',
    };
    this.runs.set(jobRunId, run);
    this.byToken.set(clientToken, jobRunId);
    void this.execute(run, job);
    return run;
  }

  get(applicationId: string, jobRunId: string): JobRun {
    const run = this.runs.get(jobRunId);
    if (run?.applicationId !== applicationId) {
      throw new ServiceError(404, 'ResourceNotFoundException', `job run '${jobRunId}' does not exist`);
    }
    return run;
  }

  cancel(applicationId: string, jobRunId: string): JobRun {
    const run = this.get(applicationId, jobRunId);
    if (run.state === 'SUBMITTED' || run.state === 'RUNNING') {
      this.change(run, 'CANCELLED', '');
      void this.processes.get(jobRunId)?.kill9();
    }
    return run;
  }

  /** Ends what is still running. */
  async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map((process) => process.kill9()));
  }

  private change(run: JobRun, state: JobState, details: string): void {
    run.state = state;
    run.stateDetails = details;
    run.updatedAt = Date.now() / 1000;
  }

  private async execute(run: JobRun, job: readonly string[]): Promise<void> {
    const { jobRunId } = run;
    try {
      const { command, args, env } = this.spark!;
      const process = await supervise({ name: jobRunId, dir: this.logs, command, args: [...args, ...job], env });
      this.processes.set(jobRunId, process);
      if (isCancelled(run)) return await process.kill9();
      this.change(run, 'RUNNING', '');
      const status = await process.ended;
      if (isCancelled(run)) return;
      if (status === 0) this.change(run, 'SUCCESS', '');
      else this.change(run, 'FAILED', `spark-submit exit code ${status}`);
    } catch (error) {
      if (!isCancelled(run)) this.change(run, 'FAILED', `spark-submit did not start: ${(error as Error).message}`);
    } finally {
      this.processes.delete(jobRunId);
    }
  }
}

/** A run may be cancelled at any time. */
const isCancelled = ({ state }: JobRun) => state === 'CANCELLED';
