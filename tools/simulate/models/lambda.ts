/**
 * Lambda: some warm instances of a function, of which any gets the next event; each handles one at a time. Between events an instance
 * is frozen, and what it left unfinished goes on when it is thawed. An instance can be killed, and a function that takes too long is;
 * an idle one can end.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
import { Process, type Cut, type Disturbance, type Network } from '../process';
import { type Random } from '../world';

export type Handler = (event: never) => Promise<unknown>;

export interface FunctionOptions {
  readonly name: string;
  /** The most instances. */
  readonly instances: number;
  readonly timeoutMs: number;
  /** Makes the handler of an instance. */
  readonly make: (process: Process) => Handler;
  /** Called after each invocation, with its duration, and the run that it was a step of. */
  readonly ended?: (ms: number, run: string | undefined) => void;
}

/** Of requests and responses, bytes. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const PAYLOAD_LIMIT = 6 * 1024 * 1024;

interface Instance {
  readonly process: Process;
  readonly handler: Handler;
  readonly version: number;
  busy: boolean;
  /** Ends the invocation, if one is running. */
  end: ((error: Error) => void) | undefined;
}

export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}

export class LambdaFunction {
  private instances: Instance[] = [];
  private version = 0;
  private made = 0;
  private readonly disturbances: Disturbance[] = [];
  private readonly cuts: Cut[] = [];
  private readonly random: Random;
  invocations = 0;

  constructor(
    private readonly network: Network,
    private options: FunctionOptions,
  ) {
    this.random = network.world.random.stream(`lambda ${options.name}`);
  }

  /** From now on events go to instances of another version; those that run go on. */
  deploy(make: FunctionOptions['make']): void {
    this.options = { ...this.options, make };
    this.version++;
    this.instances = this.instances.filter(({ busy }) => busy);
  }

  /**
   * The instance that takes the next event dies at a later one of its calls, or stands still there for a while.
   * @param share of the kinds of calls that the function has made: the next of this kind, whoever makes it
   */
  disturb(disturbance: Disturbance, share?: number): void {
    const kinds = share === undefined ? [] : [...this.network.kindsOf(this.options.name)];
    const kind = kinds[Math.floor(kinds.length * share!)];
    if (kind === undefined) this.disturbances.push(disturbance);
    else this.cuts.push({ ...disturbance, kind });
  }

  /** Invokes over the network: the answer may be lost while the function works. @throws FunctionError, or that of the network */
  async invoke(event: unknown, what = ''): Promise<unknown> {
    const { name } = this.options;
    const failure = () => new Error(`the invocation of ${name} has no answer`);
    const running = await this.network.call({
      service: 'lambda',
      what: `${name} ${what}`,
      failure,
      // A promise in an object, so that the call ends when the function begins.
      effect: () => {
        const result = this.run(event);
        result.catch(() => undefined);
        return { result };
      },
    });
    return running.result;
  }

  /** What was to happen to later events does not. */
  calm(): void {
    this.disturbances.length = 0;
    this.cuts.length = 0;
  }

  private run(event: unknown): Promise<unknown> {
    const { name, timeoutMs } = this.options;
    const { world } = this.network;
    const payload = JSON.stringify(event);
    if (payload.length > PAYLOAD_LIMIT) {
      return Promise.reject(new FunctionError(`the event of ${name} has ${payload.length} bytes`));
    }
    const instance = this.takeInstance();
    if (!instance) return Promise.reject(new Error(`TooManyRequestsException: ${name} has no instance left`));
    this.invocations++;
    const { process } = instance;
    const began = world.now;
    process.run = (event as { readonly run?: string }).run;
    return new Promise((resolve, reject) => {
      const free = () => {
        this.options.ended?.(world.now - began, process.run);
        cancel();
        instance.busy = false;
        instance.end = undefined;
        process.disturbance = undefined;
        process.freeze();
        // An instance of an earlier version gets no other event.
        if (instance.version !== this.version) this.instances = this.instances.filter((each) => each !== instance);
      };
      instance.end = (error) => {
        cancel();
        instance.end = undefined;
        reject(error);
      };
      const cancel = world.after(timeoutMs, '', () => {
        world.note(`${process.name} timed out`);
        process.kill();
      });
      process.thaw();
      process.disturbance = this.disturbances.shift();
      instance.handler(JSON.parse(payload) as never).then(
        (result) => {
          if (!process.alive) return;
          free();
          const response = JSON.stringify(result ?? null);
          if (response.length > PAYLOAD_LIMIT) {
            reject(new FunctionError(`the response of ${name} has ${response.length} bytes`));
          } else {
            resolve(JSON.parse(response));
          }
        },
        (error: Error) => {
          if (!process.alive) return;
          free();
          world.note(`${process.name} fails: ${error.message}`);
          reject(new FunctionError(`${name}: ${error.message}`, { cause: error }));
        },
      );
    });
  }

  private takeInstance(): Instance | undefined {
    // No document says how long an idle instance lives.
    for (const { busy, process } of this.instances) if (!busy && this.random.chance(0.02)) process.kill();
    const idle = this.instances.filter(
      ({ busy, version, process }) => !busy && version === this.version && process.alive,
    );
    const room = this.instances.length < this.options.instances;
    // Any warm one, or a new one beside it.
    const instance = idle.length > 0 && !(room && this.random.chance(0.2)) ? this.random.pick(idle) : undefined;
    const taken = instance ?? (room ? this.makeInstance() : undefined);
    if (taken) taken.busy = true;
    return taken;
  }

  private makeInstance(): Instance {
    const name = `${this.options.name}#${this.made++}`;
    const died = () => {
      this.instances = this.instances.filter((each) => each !== instance);
      instance.end?.(new FunctionError(`${name} was killed`));
    };
    const process = new Process(this.network, name, died, this.options.name);
    process.cuts = this.cuts;
    const instance: Instance = {
      process,
      handler: this.options.make(process),
      version: this.version,
      busy: false,
      end: undefined,
    };
    this.instances.push(instance);
    return instance;
  }
}
