/** Job runs of EMR Serverless: each a `spark-submit` process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type ApplicationPlan } from '../../assembly/local-plan';
import { type SparkCommand } from '../../engines';
import { splitArguments } from '../../kit/split-arguments';

/** `sparkSubmit` of a StartJobRun request. */
export interface SparkSubmit {
  readonly entryPoint: string;
  readonly entryPointArguments?: readonly string[];
  readonly sparkSubmitParameters?: string;
}

export type JobState = 'SUBMITTED' | 'RUNNING' | 'SUCCESS' | 'FAILED' | 'CANCELLED';

/** As GetJobRun answers it; times are epoch seconds. */
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

/** A request that the service refuses: `name` is the error type of the API. */
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

function argumentsOf({ entryPoint, entryPointArguments = [], sparkSubmitParameters = '' }: SparkSubmit): string[] {
  try {
    return [...splitArguments(sparkSubmitParameters), entryPoint, ...entryPointArguments];
  } catch (error) {
    throw new ServiceError(400, 'ValidationException', `sparkSubmitParameters: ${(error as Error).message}`);
  }
}

export class JobRuns {
  private readonly runs = new Map<string, JobRun>();
  private readonly byToken = new Map<string, string>();
  private readonly processes = new Map<string, ChildProcess>();

  constructor(
    private readonly applications: readonly ApplicationPlan[],
    private readonly jobRoles: readonly string[],
    private readonly spark: SparkCommand,
    /** Absolute folder for one log file a run. */
    private readonly logs: string,
  ) {
    process.once('exit', this.endAll);
  }

  application(id: string): ApplicationPlan {
    const found = this.applications.find((application) => application.id === id);
    if (!found) throw new ServiceError(404, 'ResourceNotFoundException', `application '${id}' does not exist`);
    return found;
  }

  /** The same client token starts nothing new: it answers the run that it started. */
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
    const job = argumentsOf(jobDriver.sparkSubmit);
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
      this.end(jobRunId);
    }
    return run;
  }

  /** Ends what still runs. */
  stop(): void {
    process.off('exit', this.endAll);
    this.endAll();
  }

  /** Each job leads a process group of its own, which would outlive this process. */
  private readonly endAll = (): void => {
    for (const jobRunId of this.processes.keys()) this.end(jobRunId);
  };

  private change(run: JobRun, state: JobState, details: string): void {
    run.state = state;
    run.stateDetails = details;
    run.updatedAt = Date.now() / 1000;
  }

  /** spark-submit is a shell script around the JVM, and Python workers hang below that: the group ends as one. */
  private end(jobRunId: string): void {
    const pid = this.processes.get(jobRunId)?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }

  private async execute(run: JobRun, job: readonly string[]): Promise<void> {
    try {
      const { command, args, env } = this.spark;
      mkdirSync(this.logs, { recursive: true });
      const log = openSync(join(this.logs, `${run.jobRunId}.log`), 'w');
      const child = spawn(command, [...args, ...job], {
        env,
        cwd: this.logs,
        stdio: ['ignore', log, log],
        detached: true,
      });
      closeSync(log);
      this.processes.set(run.jobRunId, child);
      this.change(run, 'RUNNING', '');
      const status = await new Promise<number | string>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
      });
      if ((run.state as JobState) === 'CANCELLED') return;
      if (status === 0) this.change(run, 'SUCCESS', '');
      else this.change(run, 'FAILED', `spark-submit exit code ${status}`);
    } catch (error) {
      if (run.state !== 'CANCELLED')
        this.change(run, 'FAILED', `spark-submit did not start: ${(error as Error).message}`);
    } finally {
      this.processes.delete(run.jobRunId);
    }
  }
}
