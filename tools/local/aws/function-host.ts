/**
 * Runs the functions of a plan, each from a copy of its asset in Node processes of its own, which find the modules that there are in
 * Lambda and no others.
 *
 * A process is an instance, which handles one invocation at a time. Any idle one gets the next invocation, at random, as Lambda promises no
 * order: what a handler caches may be older than what another instance stored since. Instances start as they are needed. A timeout ends the
 * process, and with it what the handler cached.
 *
 * Beyond a function's reserved concurrency, invocations are throttled as on Lambda. Functions that reserve none are not: an
 * account's own limit is not enforced here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type FunctionPlan } from '../../assembly/local-plan';
import { REGION } from '../../assembly/local-account';
import { type Random, seeded } from '../../loadgen/random';
import { CounterStore } from './counters';
import { layOut, type RuntimeLayout } from './runtime-layout';

/**
 * Lambda's limit for synchronous requests and answers, bytes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const PAYLOAD_LIMIT = 6 * 1024 * 1024;

export const DEFAULT_INSTANCES = 2;
export const DEFAULT_SEED = 1;

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

/** How invocations find an instance. */
export interface Routing {
  /** So many instances of each function share its invocations; more start while all are busy. @default 2 */
  readonly instances?: number;
  /** Of the random choice of an instance. @default 1 */
  readonly seed?: number;
}

export interface FunctionHostOptions extends Routing {
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
  /** SIGKILL to all instances, as a fault test or the kernel would: invocations in flight fail, the next one starts a new process. */
  kill9(name: string): boolean;
  /**
   * Freezes the instances that are busy and gives them up: their invocations fail, and others get what comes next. The returned function
   * thaws them, so that they go on with what nobody waits for any longer. Undefined if none is busy.
   */
  abandon(name: string): (() => void) | undefined;
  /** Ids of the processes that run now, by function. */
  pids(): Readonly<Record<string, readonly number[]>>;
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
  const functions = new Map(
    plans.map((plan, i) => {
      const random = seeded((options.seed ?? DEFAULT_SEED) + i);
      return [plan.name, new HostedFunction(plan, options, counters, random)];
    }),
  );
  const find = (name: string) => {
    const found = functions.get(nameOfFunction(name));
    if (!found) throw new UnknownFunctionError(name, [...functions.keys()]);
    return found;
  };
  const collect = <T>(value: (hosted: HostedFunction) => T | undefined) =>
    Object.fromEntries(
      [...functions].flatMap(([name, hosted]) => {
        const found = value(hosted);
        return found === undefined ? [] : [[name, found]];
      }),
    ) as Record<string, T>;
  return {
    counters,
    invoke: async (name, event) => find(name).invoke(event),
    has: (name) => functions.has(nameOfFunction(name)),
    kill9: (name) => find(name).kill(),
    abandon: (name) => find(name).abandon(),
    pids: () => collect((hosted) => hosted.pids),
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
  logStream: string,
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
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    LAMBDA_TASK_ROOT: task,
    LOCAL_FUNCTION_ARN: plan.arn,
    TMPDIR: temporary,
    _HANDLER: plan.handler,
    NODE_PATH: nodePath,
    ...extra,
  };
}

/** An invocation on its way. */
interface Call {
  readonly event: string;
  readonly settle: (invocation: Invocation) => void;
  /** No instance has taken it at once. */
  waited: boolean;
}

type Message = { ready: true } | { failed: FunctionError } | Outcome;
interface Outcome {
  readonly result?: string;
  readonly error?: FunctionError;
  readonly rss: number;
}

/** One living process of a function. */
interface Instance {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  /** The handler is not loaded yet. */
  initializing: boolean;
  /** The invocation that it handles. */
  current?: { readonly call: Call; readonly timer: NodeJS.Timeout };
  /** Why it is being ended, if it is. */
  reason?: string;
}

const failure = (errorType: string, errorMessage: string, timedOut = false) => ({
  error: { errorType, errorMessage, trace: [] },
  timedOut,
});

const STOPPED = failure('ServiceException', 'the function host is stopped');

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const THROTTLED: Invocation = {
  error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.', trace: [] },
  timedOut: false,
  throttled: true,
};

class HostedFunction {
  largestRss?: number;
  private inFlight = 0;
  /** Invocations that no instance has taken yet, oldest first. */
  private readonly waiting: Call[] = [];
  /** Instances that take invocations, now or when they are initialized. */
  private readonly pool = new Set<Instance>();
  private readonly living = new Set<Instance>();
  private started = 0;
  private stopped = false;
  private readonly reserved: number;
  private readonly warm: number;
  private readonly log: WriteStream;
  private readonly temporary: string;
  private readonly layout: RuntimeLayout;

  constructor(
    private readonly plan: FunctionPlan,
    private readonly options: FunctionHostOptions,
    private readonly counters: CounterStore,
    private readonly random: Random,
  ) {
    this.reserved = plan.reservedConcurrency ?? Infinity;
    this.warm = Math.min(options.instances ?? DEFAULT_INSTANCES, this.reserved);
    this.log = createWriteStream(join(options.logs, `${plan.name}.log`), { flags: 'a' });
    // What instances of a run that was killed left there.
    this.temporary = join(options.logs, 'tmp', plan.name);
    rmSync(this.temporary, { recursive: true, force: true });
    this.layout = layOut(plan);
  }

  get pids(): readonly number[] | undefined {
    const pids = [...this.pool].flatMap(({ child: { pid } }) => pid ?? []);
    return pids.length === 0 ? undefined : pids;
  }

  async invoke(event: string): Promise<Invocation> {
    const size = Buffer.byteLength(event);
    if (size > PAYLOAD_LIMIT) return failure('RequestTooLargeException', tooLarge(size));
    if (this.inFlight >= this.reserved) {
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

  private attempt(event: string): Promise<Invocation> {
    return new Promise((settle) => {
      if (this.stopped) {
        settle(STOPPED);
        return;
      }
      this.waiting.push({ event, settle, waited: false });
      this.route();
    });
  }

  /**
   * Gives what waits to any idle instance. While there are fewer instances than invocations are to be shared by, the choice may fall on one
   * that has to start. Instances start one after the other: on a few cores several at once would all be late, and what waits goes to
   * whichever is free first, as on Lambda.
   */
  private route(): void {
    for (const call of [...this.waiting]) {
      const instances = [...this.pool];
      const idle = instances.filter(({ initializing, current }) => !initializing && !current);
      const missing = call.waited ? 0 : Math.max(0, this.warm - instances.length);
      // Past the end of the list are those that have to start.
      const chosen = idle[this.random.integer(0, idle.length + missing - 1)] as Instance | undefined;
      if (chosen) {
        this.waiting.splice(this.waiting.indexOf(call), 1);
        this.run(chosen, call);
        continue;
      }
      call.waited = true;
      if (!instances.some(({ initializing }) => initializing)) this.start();
    }
  }

  private run(instance: Instance, call: Call): void {
    const { timeoutSeconds } = this.plan;
    const timer = setTimeout(() => this.timeOut(instance), timeoutSeconds * 1000);
    instance.current = { call, timer };
    const context = { awsRequestId: randomUUID(), deadline: Date.now() + timeoutSeconds * 1000 };
    instance.child.send({ event: call.event, context }, (error) => {
      if (error) this.end(instance, `the process is gone: ${error.message}`);
    });
  }

  kill(): boolean {
    const instances = [...this.pool];
    for (const instance of instances) this.end(instance, 'the process was killed');
    return instances.length > 0;
  }

  abandon(): (() => void) | undefined {
    const busy = [...this.pool].filter(({ current }) => current);
    if (busy.length === 0) return undefined;
    for (const instance of busy) {
      instance.child.kill('SIGSTOP');
      this.pool.delete(instance);
      this.settle(instance, failure('ServiceException', 'the instance was given up'));
    }
    this.route();
    return () => busy.forEach(({ child }) => child.kill('SIGCONT'));
  }

  /** Ends a process at once; what comes next gets another one without waiting for its end. */
  private end(instance: Instance, reason: string): void {
    instance.reason = reason;
    this.pool.delete(instance);
    instance.child.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const { settle } of this.waiting.splice(0)) settle(STOPPED);
    for (const instance of this.living) this.end(instance, 'the function host is stopped');
    await Promise.all([...this.living].map(({ ended }) => ended));
    this.layout.remove();
    await new Promise<void>((resolve) => this.log.end(resolve));
  }

  private start(): void {
    const name = String(++this.started);
    // A /tmp of its own, as in Lambda.
    const temporary = join(this.temporary, name);
    mkdirSync(temporary, { recursive: true });
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
        env: functionEnvironment(this.plan, this.layout, this.options.environment, temporary, name),
        serialization: 'advanced',
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (!this.counters.take(line, this.plan.name) && !this.log.writableEnded) this.log.write(`${line}\n`);
      });
    }
    let hasEnded: () => void;
    const instance: Instance = {
      child,
      ended: new Promise((resolve) => (hasEnded = resolve)),
      initializing: true,
    };
    this.living.add(instance);
    this.pool.add(instance);
    const initTimer = setTimeout(
      () => this.end(instance, `the handler did not load within ${INIT_TIMEOUT_MS / 1000} s`),
      INIT_TIMEOUT_MS,
    );
    const initialized = (error?: FunctionError) => {
      if (!instance.initializing) return;
      clearTimeout(initTimer);
      instance.initializing = false;
      if (!error) return;
      // What waits longest is what it was started for.
      this.pool.delete(instance);
      this.waiting.shift()?.settle({ error, timedOut: false });
    };
    child.on('message', (message: Message) => {
      if ('ready' in message) initialized();
      else if ('failed' in message) initialized(message.failed);
      else this.take(instance, message);
      this.route();
    });
    const gone = (how: string) => {
      const exit = failure('Runtime.ExitError', instance.reason ?? `the process ended (${how}) without an answer`);
      this.living.delete(instance);
      this.pool.delete(instance);
      initialized(exit.error);
      this.settle(instance, exit);
      rmSync(temporary, { recursive: true, force: true });
      hasEnded();
      this.route();
    };
    child.once('error', (error) => gone(error.message));
    child.once('exit', (code, signal) => gone(signal ?? `exit status ${code}`));
  }

  private take(instance: Instance, { error, result, rss }: Outcome): void {
    this.largestRss = Math.max(this.largestRss ?? 0, Math.round(rss / 1024 / 1024));
    this.settle(instance, error ? { error, timedOut: false } : bounded(result!));
  }

  private settle(instance: Instance, invocation: Invocation): void {
    const { current } = instance;
    if (!current) return;
    instance.current = undefined;
    clearTimeout(current.timer);
    current.call.settle(invocation);
  }

  private timeOut(instance: Instance): void {
    const message = `Task timed out after ${this.plan.timeoutSeconds.toFixed(2)} seconds`;
    this.end(instance, message);
    this.settle(instance, failure('Sandbox.Timedout', message, true));
  }
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors */
const tooLarge = (size: number) =>
  `${size} byte payload is too large for the RequestResponse invocation type (limit ${PAYLOAD_LIMIT} bytes)`;

function bounded(payload: string): Invocation {
  const size = Buffer.byteLength(payload);
  return size <= PAYLOAD_LIMIT
    ? { payload }
    : failure(
        'Function.ResponseSizeTooLarge',
        `Response payload size exceeded maximum allowed payload size (${PAYLOAD_LIMIT} bytes).`,
      );
}
