/**
 * The batch layer in one process: the real handlers over a log, a lake and a store in memory, with a virtual clock. DuckDB and Spark
 * are fakes that write what the next step looks for and charge the clock for it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeHandler as makeCompact } from '../../lambda/compact/handler';
import { makeHandler as makePublish } from '../../lambda/publish/handler';
import { makeHandler as makeReconcile } from '../../lambda/reconcile/handler';
import { makeHandler as makeSeal, type SealRunEvent } from '../../lambda/seal/handler';
import { type Compaction } from '../../lambda/compact/engine';
import { type ViewsEngine } from '../../lambda/compact/views-engine';
import { type Manifest } from '../../lambda/formats/interval-metadata';
import { areViewsCurrent } from '../../lambda/aws/views';
import { sha256 } from '../../lambda/runtime/digest';
import { intervalName, parseIntervalName, type IntervalStart } from '../../lambda/domain/intervals';
import { VIEWS, viewsAsJson } from '../../lambda/domain/views';
import { manifestKey, planKey, rawKey, viewKey, viewsDoneKey, viewsListKey } from '../../lambda/formats/keys';
import { type Plan, type ViewsList } from '../../lambda/formats/plan';
import { type StepResponse } from '../../lambda/runtime/budget';
import { memoryBatchStore } from './memory-batch-store';
import { MemoryLake } from './memory-lake';
import { lambdaEvent, toRecord } from './posts-log';
import { aggregateOver } from './speed-layer';
import { viewObject } from '../../tools/simulate/models/views-engine';

export const TOPIC = 'posts';
export const INTERVAL_MINUTES = 60;
export const HOUR = 3_600_000;
export const START = Date.parse('2026-11-20T00:00:00Z');

export type StepFunction = 'seal' | 'compact' | 'publish' | 'reconcile';

export interface BatchLayerOptions {
  /** Partitions of the topic. */
  readonly partitions: number;
  /** What an interval and partition of `compact` costs, ms. */
  readonly compactMs: number;
  /** What an interval costs in `publish` and `reconcile`, ms. @default 1_000 */
  readonly publishMs?: number;
  /** What a job of Spark costs, ms. @default 60_000 */
  readonly viewsMs?: number;
  /** What the views of an interval cost in `commit`, ms. @default - the Spark job computes them */
  readonly duckdbMs?: number;
}

/** The fake of DuckDB reads no input: thousands need not be written to the disk. */
class UnreadLake extends MemoryLake {
  override async download(key: string): Promise<void> {
    await this.get(key);
  }
}

export class BatchLayer {
  readonly lake = new UnreadLake();
  readonly store = memoryBatchStore();
  readonly clock = { now: START };
  /** Computed by `compact`, in order: `INTERVAL PARTITION`. */
  readonly compacted: string[] = [];
  /** Intervals of each job of the views engine. */
  readonly jobs: (readonly string[])[] = [];
  /** Whether the archive follows the log. */
  archiving = true;
  /** By partition, the offset at which the speed layer stands still. */
  readonly stalled = new Map<number, number>();
  /** Called whenever something is charged; may throw, as a function that is ended does. */
  onCharge: () => void = () => undefined;
  /** Append times of the records of each partition. */
  readonly log: number[][];
  /** Hours that have posts. */
  private appended = 0;
  /** By partition, the first offset that is not in the archive. */
  private readonly archived = new Map<number, number>();
  private readonly aggregate: ReturnType<typeof aggregateOver>;
  private readonly aggregated = new Map<number, number>();
  private readonly directory = mkdtempSync(join(tmpdir(), 'batch-layer-'));
  private readonly handlers: Readonly<Record<StepFunction, (event: unknown) => Promise<unknown>>>;

  constructor(private readonly options: BatchLayerOptions) {
    this.log = Array.from({ length: options.partitions }, () => []);
    const { lake, store, clock } = this;
    const shared = { intervalMinutes: INTERVAL_MINUTES, now: () => clock.now };
    this.aggregate = aggregateOver(store.speed, shared);
    const seal = makeSeal({
      ...shared,
      topic: TOPIC,
      kafka: this.kafka(),
      store: lake,
      limits: { intervals: 48, endMs: 30_000, archiveMs: 480_000 },
      report: () => undefined,
      sleep: async (ms) => this.charge(ms),
    });
    this.handlers = {
      seal: (event) => seal(event as SealRunEvent),
      compact: makeCompact({
        ...shared,
        store: lake,
        identityHorizonHours: 24,
        compaction: this.compaction(),
        temporary: this.directory,
        report: () => undefined,
        ...(options.duckdbMs !== undefined && {
          viewsEngine: { engine: this.viewsEngine(options.duckdbMs), mostRows: Infinity },
        }),
      }),
      publish: makePublish({ ...shared, topic: TOPIC, lake, store, report: () => undefined }),
      reconcile: makeReconcile({
        ...shared,
        topic: TOPIC,
        lake,
        store,
        speedTtl: 1_000 * HOUR,
        patience: 120_000,
        sleep: async (ms) => this.charge(ms),
        report: () => undefined,
        reportView: () => undefined,
        log: { warn: () => undefined },
      }),
    };
    const { beforeWrite } = store;
    store.beforeWrite = () => {
      beforeWrite();
      // The rows of an interval are many writes: its cost is charged to them together.
      this.charge((options.publishMs ?? 1_000) / VIEWS.length);
    };
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  charge(ms: number): void {
    this.clock.now += ms;
    if (this.archiving) this.archive();
    this.onCharge();
  }

  async invoke(step: StepFunction, event: unknown): Promise<StepResponse> {
    if (this.archiving) this.archive();
    await this.follow();
    return this.handlers[step](event) as Promise<StepResponse>;
  }

  /** A record in each partition of each of these hours of the log, and what the archive and the speed layer do with them. */
  append(hours: number): void {
    for (let i = 0; i < hours; i++) {
      const at = START + this.appended++ * HOUR + HOUR / 2;
      for (const times of this.log) times.push(Math.max(at, times.at(-1) ?? at));
    }
  }

  /** Computes what the list of the run says and is not current, as the Spark job does. */
  async views(run: string): Promise<void> {
    const list = this.lake.objects.has(viewsListKey) ? (this.lake.json(viewsListKey) as ViewsList) : undefined;
    const intervals: string[] = [];
    for (const name of list?.run === run ? list.intervals : []) {
      const manifest = sha256(await this.lake.get(manifestKey(parseIntervalName(name, INTERVAL_MINUTES))));
      const current = await areViewsCurrent(this.lake, parseIntervalName(name, INTERVAL_MINUTES), manifest);
      if (!current) intervals.push(name);
    }
    this.jobs.push(intervals);
    if (intervals.length === 0) return;
    this.charge(this.options.viewsMs ?? 60_000);
    for (const name of intervals) {
      const interval = parseIntervalName(name, INTERVAL_MINUTES);
      for (const view of VIEWS) {
        await this.lake.put(viewKey(interval, view.name), viewObject(view, interval, []));
      }
      const manifest = sha256(await this.lake.get(manifestKey(interval)));
      const done = { interval: name, rows: 0, views: {}, manifest, definition: sha256(viewsAsJson()) };
      await this.lake.put(viewsDoneKey(interval), JSON.stringify(done));
    }
  }

  get plan(): Plan {
    return this.lake.json(planKey) as Plan;
  }

  /** Names of the published intervals, oldest first. */
  get published(): string[] {
    return this.lake.keys('published/').map((key) => /interval=([^/]+)\.json/.exec(key)![1]);
  }

  name(hour: number): string {
    return intervalName(this.interval(hour));
  }

  interval(hour: number): IntervalStart {
    return START + hour * HOUR;
  }

  private archive(): void {
    this.log.forEach((times, partition) => {
      for (let offset = this.archived.get(partition) ?? 0; offset < times.length; offset++) {
        this.lake.objects.set(rawKey(TOPIC, partition, offset, offset), Buffer.from(String(offset)));
      }
      this.archived.set(partition, times.length);
    });
  }

  /** The speed layer up to the end of the log. No post is in it, so one batch with the newest record is like all of them. */
  private async follow(): Promise<void> {
    const newest = this.log.flatMap((times, partition) => {
      const end = Math.min(times.length, this.stalled.get(partition) ?? Infinity);
      if (end === (this.aggregated.get(partition) ?? 0)) return [];
      this.aggregated.set(partition, end);
      return [toRecord({ kind: 'heartbeat', timestamp: times[end - 1], index: 0, variant: 0 }, partition, end - 1)];
    });
    await this.aggregate(lambdaEvent(TOPIC, newest));
  }

  private kafka() {
    const { log, clock } = this;
    return {
      endOffsets: async () => log.map((times, partition) => ({ partition, low: 0, high: times.length })),
      offsetsAt: async (_topic: string, timestamp: number) =>
        log.map((times, partition) => {
          const found = times.findIndex((time) => time >= timestamp);
          return { partition, offset: found < 0 ? times.length : found, found: found >= 0 };
        }),
      writeHeartbeat: async (_topic: string, partition: number) => {
        const offset = log[partition].push(clock.now) - 1;
        return { offset, logAppendTime: clock.now };
      },
    };
  }

  /** Finds the rows of the manifest, and counts none of them. */
  private viewsEngine(costMs: number): ViewsEngine {
    return async ({ views, interval, pathOf }) => {
      this.charge(costMs);
      const start = parseIntervalName(interval, INTERVAL_MINUTES);
      for (const view of views) writeFileSync(pathOf(view), viewObject(view, start, []));
      const { partitions } = this.lake.json(manifestKey(start)) as Manifest;
      return { rows: new Map(partitions.map(({ partition, rows }) => [partition, rows])), keys: {} };
    };
  }

  /** Writes a row for each record; the files name what they were made of. */
  private compaction(): Compaction {
    return async (where, files, outputs) => {
      this.charge(this.options.compactMs);
      this.compacted.push(`${where.interval} ${where.partition}`);
      const text = `${where.interval} ${where.partition} ${where.from} ${where.to} ${files.sources.length}`;
      for (const file of [outputs.posts, outputs.dedupIndex, outputs.incompletePosts]) writeFileSync(file, text);
      const records = where.to - where.from;
      return {
        records,
        rows: records,
        resumed: 0,
        duplicates: 0,
        accepted: records,
        repeated: 0,
        quarantined: 0,
        controlRecords: 0,
      };
    };
  }
}
