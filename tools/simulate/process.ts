/**
 * A process, and its calls of services. A call can fail before it had an effect, or after; its answer can be late, or never come,
 * because the process was killed or stands still. What is on its way when a process ends still arrives.
 */
import { type Random, type World } from './world';

export type Service = 's3' | 'keyspaces' | 'kafka' | 'lambda';
export const SERVICES: readonly Service[] = ['s3', 'keyspaces', 'kafka', 'lambda'];

/** `error`: not carried out. `lost`: carried out, and answered by an error. `slow`: carried out late, and answered later. */
export type Fate = 'ok' | 'error' | 'lost' | 'slow';
export const FATES: readonly Exclude<Fate, 'ok'>[] = ['error', 'lost', 'slow'];

export interface Weather {
  readonly service: Service;
  readonly fate: Exclude<Fate, 'ok'>;
  /** Share of the calls. */
  readonly rate: number;
  /** Of one function only. @default - of all */
  readonly target?: string;
  readonly at: number;
  readonly until: number;
}

export interface CallOptions<T> {
  readonly service: Service;
  /** For the history. */
  readonly what: string;
  readonly effect: () => T;
  /** What a client of this service throws where the service fails. */
  readonly failure: (fate: Fate) => Error;
  /** How often the client itself tries. @default 1 */
  readonly attempts?: number;
}

const SLOW_MS = 20_000;

export class Network {
  readonly weather: Weather[] = [];
  /** When a call was last disturbed, ms. */
  troubled = 0;
  private readonly kinds = new Map<string, Set<string>>();
  /** By what is called, for each service. */
  private readonly known = new Map<Service, Map<string, string>>(SERVICES.map((service) => [service, new Map()]));
  private readonly random: Random;

  constructor(readonly world: World) {
    this.random = world.random.stream('network');
  }

  fate(service: Service, role?: string): Fate {
    const { now } = this.world;
    for (const each of this.weather) {
      if (each.service !== service || each.at > now || each.until <= now) continue;
      if (each.target !== undefined && each.target !== role) continue;
      if (!this.random.chance(each.rate)) continue;
      this.troubled = now;
      return each.fate;
    }
    return 'ok';
  }

  /** What is called, without the numbers in it. */
  kindOf({ service, what }: Pick<CallOptions<unknown>, 'service' | 'what'>): string {
    const known = this.known.get(service)!;
    let kind = known.get(what);
    if (kind === undefined) known.set(what, (kind = `${service} ${what.replace(/\d[\dTZ:.-]*/g, '#')}`));
    return kind;
  }

  /** The kinds of calls that a function has made: rare ones are cut as often as frequent ones. */
  kindsOf(role: string): Set<string> {
    let kinds = this.kinds.get(role);
    if (!kinds) this.kinds.set(role, (kinds = new Set()));
    return kinds;
  }

  /** ms, mostly few. */
  latency(fate: Fate): number {
    const usual = 1 + Math.floor(-Math.log(1 - this.random.next()) * 4);
    return fate === 'slow' ? this.random.integer(0, SLOW_MS) : usual;
  }

  /** A call that is no process's: of services among each other. */
  async call<T>(options: CallOptions<T>): Promise<T> {
    return this.callFor(undefined, options);
  }

  callFor<T>(process: Process | undefined, options: CallOptions<T>): Promise<T> {
    const { world } = this;
    const { service, what, effect, failure, attempts = 1 } = options;
    const from = process ? `${process.name} ` : '';
    return new Promise<T>((resolve, reject) => {
      const answer = (ms: number, text: string, settle: () => void) =>
        world.after(ms, `${from}${service} ${what}${text}`, () => (process ? process.deliver(settle) : settle()));
      const attempt = (left: number) => {
        const fate = this.fate(service, process?.role);
        const failed = () => (left > 1 ? attempt(left - 1) : reject(failure(fate)));
        const arrive = () => {
          if (fate === 'error') return void answer(this.latency('ok'), ' fails', failed);
          let result: T;
          try {
            result = effect();
          } catch (error) {
            return void answer(this.latency(fate), ` throws ${(error as Error).name}`, () => reject(error as Error));
          }
          if (fate === 'lost') return void answer(this.latency('slow') / 4, ' loses its answer', failed);
          return void answer(this.latency(fate), '', () => resolve(result));
        };
        // Half of what a process leaves behind when it is frozen is sent when it goes on.
        world.after(this.latency(fate), '', () =>
          process?.isFrozen && this.random.chance(0.5) ? process.deliver(arrive) : arrive(),
        );
      };
      attempt(attempts);
    });
  }
}

/** What happens to a process at one of its calls. */
export interface Disturbance {
  /** How many calls go well before. */
  readonly calls: number;
  /** @default - it is killed */
  readonly stallMs?: number;
  /** Called then. */
  readonly happened?: () => void;
}

/** A disturbance of whatever process of a function makes a call of this kind. */
export interface Cut extends Disturbance {
  readonly kind: string;
}

/** Never settles: the process that waits for it is gone. */
const never = <T>() => new Promise<T>(() => undefined);

export class Process {
  alive = true;
  /** Stands still until then. */
  thawAt = 0;
  /** Of the invocation that runs. */
  disturbance: Disturbance | undefined;
  /** Of the invocation: the run of the orchestrator that it is a part of. */
  run: string | undefined;
  /** Of the function. */
  cuts: Cut[] = [];
  /** Frozen between invocations: what arrives waits. */
  private frozen = false;
  private readonly waiting: (() => void)[] = [];

  /** @param role name of the function */
  constructor(
    readonly network: Network,
    readonly name: string,
    private readonly onDeath: () => void = () => undefined,
    readonly role = name,
  ) {}

  get isFrozen(): boolean {
    return this.frozen;
  }

  call<T>(options: CallOptions<T>): Promise<T> {
    if (!this.alive) return never();
    const { network } = this;
    const disturbance = this.disturbanceOf(options);
    if (disturbance) {
      network.troubled = network.world.now + (disturbance.stallMs ?? 0);
      disturbance.happened?.();
      if (disturbance.stallMs === undefined) {
        // Half of those that die have sent what they were about to send.
        if (network.world.random.chance(0.5)) void network.callFor(this, options).catch(() => undefined);
        this.kill();
        return never();
      }
      network.world.note(`${this.name} stands still`);
      this.thawAt = network.world.now + disturbance.stallMs;
    }
    return this.network.callFor(this, options);
  }

  private disturbanceOf(options: Pick<CallOptions<unknown>, 'service' | 'what'>): Disturbance | undefined {
    const kind = this.network.kindOf(options);
    this.network.kindsOf(this.role).add(kind);
    const cut = this.cuts.findIndex((each) => each.kind === kind);
    if (cut >= 0) {
      const { calls } = this.cuts[cut];
      if (calls === 0) return this.cuts.splice(cut, 1)[0];
      this.cuts[cut] = { ...this.cuts[cut], calls: calls - 1 };
    }
    const { disturbance } = this;
    this.disturbance =
      disturbance && disturbance.calls > 0 ? { ...disturbance, calls: disturbance.calls - 1 } : undefined;
    return this.disturbance ? undefined : disturbance;
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.network.world.note(`${this.name} is killed`);
    this.onDeath();
  }

  freeze(): void {
    this.frozen = true;
  }

  thaw(): void {
    this.frozen = false;
    for (const settle of this.waiting.splice(0)) settle();
  }

  /** Lets the process see an answer, now or when it runs again. */
  deliver(settle: () => void): void {
    if (!this.alive) return;
    const { world } = this.network;
    if (this.thawAt > world.now) world.at(this.thawAt, '', () => this.deliver(settle));
    else if (this.frozen) this.waiting.push(settle);
    else settle();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.network.world.after(ms, '', () => this.deliver(resolve)));
  }
}
