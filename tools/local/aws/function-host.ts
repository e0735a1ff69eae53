/**
 * Runs the functions of a plan, each from a copy of its asset in a Node process of its own, which finds the modules that there are in
 * Lambda and no others.
 *
 * One process serves all invocations of a function, several at a time where they come so: as on Lambda Managed Instances,
 * not as on classic Lambda, where an environment serves one at a time. A handler that keeps state across an await is
 * wrong on the former and would be found here. A timeout ends the process, and with it the other invocations in it.
 *
 * Beyond a function's reserved concurrency, invocations are throttled as on Lambda. Functions that reserve none are not: an
 * account's own limit is not kept here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type FunctionPlan } from '../../assembly/local-plan';
import { REGION } from '../../assembly/local-account';
import { CounterStore } from './counters';
import { layOut, type RuntimeLayout } from './runtime-layout';

/** Lambda's limit for synchronous requests and answers, bytes. */
export const PAYLOAD_LIMIT = 6 * 1024 * 1024;

/** Lambda gives a handler no more than this to load. */
const INIT_TIMEOUT_MS = 10_000;
/** Share of the function's memory that the old generation may take: the runtime leaves the rest to buffers and code. */
const HEAP_SHARE = 0.9;

/** A failed invocation, as Lambda describes it. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** `payload` and `error` are what Invoke answers; `error` set means that the function failed or, if throttled, did not run. */
export type Invocation =
  | { readonly payload: string; readonly error?: undefined }
  | { readonly error: FunctionError; readonly timedOut: boolean; readonly throttled?: true };

export interface FunctionHostOptions {
  /** Absolute folder for one log file a function. */
  readonly logs: string;
  /** Added to every function's environment: endpoints of the local engines. */
  readonly environment: Readonly<Record<string, string>>;
  /** @default - this process's Node */
  readonly node?: string;
}

export interface FunctionHost {
  /**
   * @param name function name or ARN
   * @param event JSON text
   * @throws UnknownFunctionError
   */
  invoke(name: string, event: string): Promise<Invocation>;
  /** Whether there is a function of that name or ARN. */
  has(name: string): boolean;
  /** SIGKILL, as a fault test or the kernel would: invocations in flight fail, the next one starts a new process. */
  kill9(name: string): boolean;
  /** Ids of the processes that run now, by function. */
  pids(): Readonly<Record<string, number>>;
  /** Largest resident set seen, MB, by function. */
  memory(): Readonly<Record<string, number>>;
  readonly counters: CounterStore;
  stop(): Promise<void>;
}

export class UnknownFunctionError extends Error {
  constructor(name: string, known: readonly string[]) {
    super(`function not found: '${name}'; there are ${known.join(', ')}`);
    this.name = 'ResourceNotFoundException';
  }
}

/** `arn:aws:lambda:region:account:function:name[:qualifier]` → name */
export const nameOfFunction = (nameOrArn: string) =>
  nameOrArn.replace(/^(arn:[^:]*:lambda:[^:]*:[^:]*|\d{12}):function:/, '').split(':')[0];

export function startFunctionHost(plans: readonly FunctionPlan[], options: FunctionHostOptions): FunctionHost {
  mkdirSync(options.logs, { recursive: true });
  const counters = new CounterStore();
  const functions = new Map(plans.map((plan) => [plan.name, new HostedFunction(plan, options, counters)]));
  const find = (name: string) => {
    const found = functions.get(nameOfFunction(name));
    if (!found) throw new UnknownFunctionError(name, [...functions.keys()]);
    return found;
  };
  const collect = (value: (hosted: HostedFunction) => number | undefined) =>
    Object.fromEntries(
      [...functions].map(([name, hosted]) => [name, value(hosted)] as const).filter(([, v]) => v !== undefined),
    ) as Record<string, number>;
  return {
    counters,
    invoke: async (name, event) => find(name).invoke(event),
    has: (name) => functions.has(nameOfFunction(name)),
    kill9: (name) => find(name).kill(),
    pids: () => collect((hosted) => hosted.pid),
    memory: () => collect((hosted) => hosted.largestRss),
    stop: async () => {
      await Promise.all([...functions.values()].map((hosted) => hosted.stop()));
    },
  };
}

/** Everything a function's process sees; nothing of ours but PATH, so that a variable the template forgot is missing. */
function functionEnvironment(
  plan: FunctionPlan,
  { task, nodePath }: RuntimeLayout,
  extra: Readonly<Record<string, string>>,
  temporary: string,
): Record<string, string> {
  return {
    ...plan.environment,
    ...(process.env.PATH === undefined ? {} : { PATH: process.env.PATH }),
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    // What the local S3 expects; a function never sees real credentials.
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EXECUTION_ENV: `AWS_Lambda_${plan.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: plan.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${plan.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: task,
    LOCAL_FUNCTION_ARN: plan.arn,
    TMPDIR: temporary,
    _HANDLER: plan.handler,
    NODE_PATH: nodePath,
    ...extra,
  };
}

interface Waiting {
  readonly settle: (invocation: Invocation) => void;
  readonly timer: NodeJS.Timeout;
}

type Answer = { ready: true } | { failed: FunctionError } | Outcome;
interface Outcome {
  readonly id: string;
  readonly result?: string;
  readonly error?: FunctionError;
  readonly rss: number;
}

/** One living process of a function. */
interface Environment {
  readonly child: ChildProcess;
  readonly ready: Promise<FunctionError | undefined>;
  readonly ended: Promise<void>;
  readonly waiting: Map<string, Waiting>;
  /** Why it is being ended, if it is. */
  reason?: string;
}

const failure = (errorType: string, errorMessage: string, timedOut = false): Invocation => ({
  error: { errorType, errorMessage, trace: [] },
  timedOut,
});

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const THROTTLED: Invocation = {
  error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.', trace: [] },
  timedOut: false,
  throttled: true,
};

class HostedFunction {
  largestRss?: number;
  private inFlight = 0;
  private environment?: Environment;
  private readonly living = new Set<Environment>();
  private stopped = false;
  private readonly log: WriteStream;
  private readonly temporary: string;
  private readonly layout: RuntimeLayout;

  constructor(
    private readonly plan: FunctionPlan,
    private readonly options: FunctionHostOptions,
    private readonly counters: CounterStore,
  ) {
    this.log = createWriteStream(join(options.logs, `${plan.name}.log`), { flags: 'a' });
    // A /tmp of its own, as in Lambda; what a killed process left there goes with the next run.
    this.temporary = join(options.logs, 'tmp', plan.name);
    rmSync(this.temporary, { recursive: true, force: true });
    mkdirSync(this.temporary, { recursive: true });
    this.layout = layOut(plan);
  }

  get pid(): number | undefined {
    return this.environment?.child.pid;
  }

  async invoke(event: string): Promise<Invocation> {
    if (this.inFlight >= (this.plan.reservedConcurrency ?? Infinity)) {
      this.count('Throttles', 1);
      return THROTTLED;
    }
    this.inFlight += 1;
    const invocation = await this.attempt(event).finally(() => (this.inFlight -= 1));
    // As Lambda does: a caller may drop the error, and API Gateway responds with 500 without a reason.
    if (invocation.error && !this.log.writableEnded) {
      this.log.write(`${JSON.stringify({ level: 'error', message: 'invoke error', error: invocation.error })}\n`);
    }
    this.count('Invocations', 1);
    this.count('Errors', invocation.error ? 1 : 0);
    this.count('Throttles', 0);
    return invocation;
  }

  /**
   * "Invocations aren't recorded if the invocation request is throttled", and throttles are no errors either.
   * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
   */
  private count(name: string, value: number): void {
    const dimensions = { FunctionName: this.plan.name };
    this.counters.points.add({ namespace: 'AWS/Lambda', name, dimensions }, value, Date.now());
  }

  private async attempt(event: string): Promise<Invocation> {
    if (this.stopped) return failure('ServiceException', 'the function host is stopped');
    const environment = (this.environment ??= this.start());
    const broken = await environment.ready;
    if (broken) return { error: broken, timedOut: false };
    return new Promise((settle) => {
      const id = randomUUID();
      const deadline = Date.now() + this.plan.timeoutSeconds * 1000;
      const timer = setTimeout(() => this.timeOut(environment, id), this.plan.timeoutSeconds * 1000);
      environment.waiting.set(id, { settle, timer });
      environment.child.send({ id, event, context: { awsRequestId: id, deadline } }, (error) => {
        if (error) this.settle(environment, id, failure('Runtime.ExitError', `the process is gone: ${error.message}`));
      });
    });
  }

  kill(): boolean {
    const environment = this.environment;
    if (environment) this.end(environment, 'the process was killed');
    return environment !== undefined;
  }

  /** Ends a process at once; whoever invokes next gets a new one without waiting for its end. */
  private end(environment: Environment, reason: string): void {
    environment.reason = reason;
    if (this.environment === environment) this.environment = undefined;
    environment.child.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const environment of this.living) this.end(environment, 'the function host is stopped');
    await Promise.all([...this.living].map(({ ended }) => ended));
    this.layout.remove();
    await new Promise<void>((resolve) => this.log.end(resolve));
  }

  private start(): Environment {
    const heap = Math.max(32, Math.floor(this.plan.memoryMb * HEAP_SHARE));
    const child = spawn(
      this.options.node ?? process.execPath,
      [
        `--max-old-space-size=${heap}`,
        // kafkajs sets a negative timer once a process; Node 24 warns of it.
        '--disable-warning=TimeoutNegativeWarning',
        join(__dirname, 'runtime-bootstrap.mjs'),
      ],
      {
        cwd: this.layout.task,
        env: functionEnvironment(this.plan, this.layout, this.options.environment, this.temporary),
        serialization: 'advanced',
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (!this.counters.take(line, this.plan.name) && !this.log.writableEnded) this.log.write(`${line}\n`);
      });
    }
    const waiting = new Map<string, Waiting>();
    let isReady: (error: FunctionError | undefined) => void;
    let hasEnded: () => void;
    const environment: Environment = {
      child,
      waiting,
      ready: new Promise((resolve) => (isReady = resolve)),
      ended: new Promise((resolve) => (hasEnded = resolve)),
    };
    this.living.add(environment);
    const initTimer = setTimeout(
      () => this.end(environment, `the handler did not load within ${INIT_TIMEOUT_MS / 1000} s`),
      INIT_TIMEOUT_MS,
    );
    child.on('message', (message: Answer) => {
      if ('ready' in message || 'failed' in message) {
        clearTimeout(initTimer);
        isReady('failed' in message ? message.failed : undefined);
        return;
      }
      this.largestRss = Math.max(this.largestRss ?? 0, Math.round(message.rss / 1024 / 1024));
      const { error, result } = message;
      this.settle(environment, message.id, error ? { error, timedOut: false } : bounded(result!));
    });
    const gone = (how: string) => {
      clearTimeout(initTimer);
      this.living.delete(environment);
      if (this.environment === environment) this.environment = undefined;
      const exit = failure('Runtime.ExitError', environment.reason ?? `the process ended (${how}) without an answer`);
      isReady((exit as { error: FunctionError }).error);
      for (const id of [...waiting.keys()]) this.settle(environment, id, exit);
      hasEnded();
    };
    child.once('error', (error) => gone(error.message));
    child.once('exit', (code, signal) => gone(signal ?? `exit status ${code}`));
    return environment;
  }

  private settle(environment: Environment, id: string, invocation: Invocation): void {
    const waiting = environment.waiting.get(id);
    if (!waiting) return;
    environment.waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.settle(invocation);
  }

  private timeOut(environment: Environment, id: string): void {
    const message = `Task timed out after ${this.plan.timeoutSeconds.toFixed(2)} seconds`;
    this.settle(environment, id, failure('Sandbox.Timedout', message, true));
    this.end(environment, `another invocation in the same process timed out after ${this.plan.timeoutSeconds} s`);
  }
}

function bounded(payload: string): Invocation {
  const size = Buffer.byteLength(payload);
  return size <= PAYLOAD_LIMIT
    ? { payload }
    : failure(
        'Function.ResponseSizeTooLarge',
        `Response payload size exceeded maximum allowed payload size (${PAYLOAD_LIMIT} bytes).`,
      );
}
