/**
 * A world with one clock and one source of chance. Every answer of a model is an event of its queue; between two events all that
 * waits for the first one runs. So a seed gives one run, byte for byte, and nothing sleeps.
 */
import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { log } from '../../lambda/runtime/log';

/** sfc32, seeded by text: streams of other names are independent, so that one part's use of chance does not shift another's. */
export class Random {
  private readonly state: Uint32Array;

  constructor(private readonly name: string) {
    const digest = createHash('sha256').update(name).digest();
    this.state = new Uint32Array([0, 4, 8, 12].map((at) => digest.readUInt32LE(at)));
    for (let i = 0; i < 8; i++) this.next();
  }

  stream(name: string): Random {
    return new Random(`${this.name}/${name}`);
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    const s = this.state;
    const sum = (s[0] + s[1] + s[3]) >>> 0;
    s[3] = s[3] + 1;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
    return sum / 2 ** 32;
  }

  /** From `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)];
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.map(() => left.splice(this.integer(0, left.length - 1), 1)[0]);
  }
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly what: string;
  readonly run: () => void;
}

/** Whether `a` is before `b`. */
const before = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order);

export interface WorldOptions {
  readonly seed: string;
  /** ms */
  readonly start: number;
  /** Called with each line of the history. @default - none is written, and the history has no digest */
  readonly trace?: (line: string) => void;
}

/** What ends a run: an invariant does not hold. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  constructor(
    readonly invariant: string,
    message: string,
  ) {
    super(`${invariant}: ${message}`);
  }
}

export class World {
  now: number;
  readonly random: Random;
  events = 0;
  private readonly heap: Event[] = [];
  private readonly hash = createHash('sha256');
  private scheduled = 0;
  private failure: Error | undefined;

  constructor(private readonly options: WorldOptions) {
    this.now = options.start;
    this.random = new Random(options.seed);
  }

  /** Schedules an event, in whole milliseconds as all clocks have. @returns an end to it, for one that has not happened */
  at(time: number, what: string, run: () => void): () => void {
    let cancelled = false;
    const event = {
      at: Math.max(Math.round(time), this.now),
      order: this.scheduled++,
      what,
      run: () => void (cancelled || run()),
    };
    this.push(event);
    return () => void (cancelled = true);
  }

  after(ms: number, what: string, run: () => void): () => void {
    return this.at(this.now + ms, what, run);
  }

  sleep(ms: number, what = 'sleep'): Promise<void> {
    return new Promise((resolve) => this.after(ms, what, resolve));
  }

  note(line: string): void {
    if (!this.options.trace) return;
    const dated = `${new Date(this.now).toISOString()} ${line}\n`;
    this.hash.update(dated);
    this.options.trace(dated);
  }

  /** Ends the run with an error. */
  fail(error: Error): void {
    this.failure ??= error;
  }

  /** Runs a part of the simulator that goes on beside the others; what it throws ends the run. */
  spawn(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => this.fail(error instanceof Error ? error : new Error(String(error))));
  }

  /** Runs all events up to an instant. @throws the error that ended the run */
  async runUntil(end: number): Promise<void> {
    const restore = this.takeGlobals();
    try {
      await drained();
      for (let event = this.heap[0]; event && event.at <= end && !this.failure; event = this.heap[0]) {
        this.pop();
        this.now = event.at;
        this.events++;
        if (event.what !== '') this.note(event.what);
        event.run();
        await drained();
      }
      if (this.failure) throw this.failure;
      this.now = end;
    } finally {
      restore();
    }
  }

  /** Names all that happened; undefined if nobody follows the history. */
  digest(): string | undefined {
    return this.options.trace && this.hash.copy().digest('hex');
  }

  /** The product's own timers, clock and logs are this world's while it runs, and what it compresses is stored as it is. */
  private takeGlobals(): () => void {
    const names = ['setTimeout', 'clearTimeout', 'setImmediate'] as const;
    const real = Object.fromEntries(names.map((name) => [name, globalThis[name]]));
    const { now } = Date;
    const loggers = { ...log };
    const timer = (run: () => void, ms: number) => ({ cancel: this.after(ms, '', run), unref() {} });
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => timer(run, ms),
      clearTimeout: (handle?: { cancel?: () => void }) => handle?.cancel?.(),
      setImmediate: (run: () => void) => timer(run, 0),
    });
    Date.now = () => this.now;
    const silent = () => undefined;
    Object.assign(log, { info: silent, warn: silent, error: silent });
    const { stackTraceLimit } = Error;
    // Most errors are a part of the game. Where one ends a run, its history is asked for again.
    if (!this.options.trace) Error.stackTraceLimit = 0;
    const { zstdCompressSync, zstdDecompressSync } = zlib;
    Object.assign(zlib, { zstdCompressSync: store, zstdDecompressSync: restoreWith(zstdDecompressSync) });
    return () => {
      Object.assign(zlib, { zstdCompressSync, zstdDecompressSync });
      Error.stackTraceLimit = stackTraceLimit;
      Object.assign(globalThis, real);
      Date.now = now;
      Object.assign(log, loggers);
    };
  }

  private push(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (before(heap[parent], event)) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (before(last, heap[child])) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
  }
}

/** No magic number of a frame of zstd. */
const STORED = Buffer.from('stored: ');
/** In place of compression, which takes a fifth of the time of a run and decides nothing in it. */
const store = (content: string | Buffer) => Buffer.concat([STORED, Buffer.from(content as string)]);
const restoreWith = (decompress: (blob: Buffer) => Buffer) => (blob: Buffer) =>
  blob.subarray(0, STORED.length).equals(STORED) ? Buffer.from(blob.subarray(STORED.length)) : decompress(blob);

/** Resolves when nothing is left that could run without another event: what is next for Node comes after all microtasks. */
const drained = () => new Promise<void>((resolve) => process.nextTick(resolve));
