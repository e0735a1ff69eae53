/** The whole pipeline in one process: the real handlers over the models, with clients, faults and invariants of a plan. */
import { zstdCompressSync } from 'node:zlib';
import { type FoldLimits } from '../../lambda/aggregate/folding';
import { makeHandler as makeAggregate } from '../../lambda/aggregate/handler';
import { makeHandler as makeArchive } from '../../lambda/archive/handler';
import { keyspacesStore, type Tables } from '../../lambda/aws/keyspaces/store';
import { makeHandler as makeCanary } from '../../lambda/canary/handler';
import { makeHandler as makeCompact } from '../../lambda/compact/handler';
import { SPARK_VIEWS_KEY } from '../../lambda/formats/keys';
import { parseIntervalName } from '../../lambda/domain/intervals';
import { VIEWS, viewsAsJson, type View } from '../../lambda/domain/views';
import { makeHandler as makeIngest } from '../../lambda/ingest/handler';
import { makeHandler as makePublish } from '../../lambda/publish/handler';
import { makeHandler as makeQuery } from '../../lambda/query/handler';
import { queryReader } from '../../lambda/query/reader';
import { type HttpResponse } from '../../lambda/runtime/http';
import { type Values } from '../../lambda/runtime/metrics';
import { makeHandler as makeReconcile } from '../../lambda/reconcile/handler';
import { LIMITS, makeHandler as makeSeal } from '../../lambda/seal/handler';
import { batchFlow, dagTasks } from '../../lib/constructs/batch-flow';
import { TABLES } from '../../lib/constructs/view-store';
import { compactionOn } from './models/compaction';
import { MemoryDisk } from './models/disk';
import { EventSource } from './models/event-source';
import { Topic } from './models/kafka';
import { Keyspaces, type TableSchema } from './models/keyspaces';
import { LambdaFunction, type Handler } from './models/lambda';
import { Orchestrator } from './models/orchestrator';
import { Bucket } from './models/s3';
import { runViewsJob } from './models/views-engine';
import { FUNCTIONS, HOUR, type Change, type Fault, type FunctionName, type Plan, type SourceName } from './plan';
import { makePost, VERSIONS, type SimulatedPost } from './posts';
import { Network, Process } from './process';
import { Reference } from './reference';
import { World, type Random } from './world';

export const TOPIC = 'posts';

/** What a deployment consists of. */
export interface Version {
  readonly views: readonly View[];
  readonly horizon: number;
}

/** Views that deployments add: one over columns that are stored anyway, and one that needs a column more of waiting posts. */
const ONE_SECTION: View = {
  name: 'posts_by_join_year',
  description: 'Users per year of joining',
  dimensions: ['join_year'],
  merge: 'sum',
};
const JOINED: View = {
  name: 'media_by_country',
  description: 'Posts per country and media type',
  dimensions: ['country', 'media_type'],
  merge: 'sum',
};
export const ALL_VIEWS: readonly View[] = [...VIEWS, ONE_SECTION, JOINED];

const TIMEOUTS: Readonly<Record<FunctionName, number>> = {
  ingest: 29_000,
  query: 29_000,
  archive: 120_000,
  aggregate: 120_000,
  seal: 840_000,
  compact: 840_000,
  publish: 840_000,
  reconcile: 840_000,
};

const noReport = () => undefined;
/** So that a few posts make runs of all tiers. */
const FOLD_SOON: FoldLimits = { deltas: 3, bytes: 64 * 1_024, fewest: 1, runs: 2, ms: 100 };

/** Of a run of `seal`: so few that a backlog takes more than one run. */
const RUN_INTERVALS = 4;

function schemaOf(settings: Plan['settings']): Record<string, TableSchema> {
  return Object.fromEntries(
    Object.values(TABLES).map(({ name, partitionKey, clusteringKey = {}, columns, expires }) => [
      name,
      {
        partitionKey: Object.keys(partitionKey),
        clusteringKey: Object.keys(clusteringKey),
        types: { ...partitionKey, ...clusteringKey, ...columns },
        ...(expires && { ttl: expires(settings) * 3_600 }),
      },
    ]),
  );
}

const tables = Object.fromEntries(
  Object.entries(TABLES).map(([table, { name }]) => [table, name]),
) as unknown as Tables;

export class Simulation {
  readonly world: World;
  readonly network: Network;
  readonly topic: Topic;
  readonly lake = new Bucket();
  readonly keyspaces: Keyspaces;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
  readonly sources: Readonly<Record<SourceName, EventSource>>;
  readonly orchestrator: Orchestrator;
  readonly reference: Reference;
  readonly canary: LambdaFunction;
  /** Called with what the canary found. */
  onCanary: (began: number, found: Values<'canary'>) => void = () => undefined;
  /** Called with the duration of each invocation. */
  onEnded: (name: FunctionName, ms: number) => void = () => undefined;
  /** By index, by version. */
  readonly posts = new Map<number, readonly SimulatedPost[]>();
  version: Version;
  /** When it was, ms. */
  deployed = 0;
  private readonly workTimes: Random;
  /** Partitions of the topic when the flow was deployed. */
  private flowPartitions: number;
  /** The one before. */
  private previous: Version;

  constructor(
    readonly plan: Plan,
    trace?: (line: string) => void,
  ) {
    const { settings, seed } = plan;
    this.world = new World({ seed, start: settings.start, trace });
    this.workTimes = this.world.random.stream('work');
    this.network = new Network(this.world);
    this.topic = new Topic(this.world, TOPIC, settings.partitions);
    this.flowPartitions = settings.partitions;
    this.keyspaces = new Keyspaces(this.world, schemaOf(settings));
    this.version = this.previous = { views: VIEWS, horizon: settings.speedHorizonIntervals };
    const last = plan.sends.reduce((most, { posts }) => Math.max(most, ...posts.map(({ index }) => index)), -1);
    const random = this.world.random.stream('posts');
    for (let index = 0; index <= last; index++) {
      const bad = random.stream(`${index} bad`).chance(0.03);
      const make = (version: number) =>
        makePost(index, version, random.stream(`${index} ${version}`), { ...settings, bad });
      this.posts.set(
        index,
        Array.from({ length: VERSIONS }, (_, version) => make(version)),
      );
    }
    this.functions = Object.fromEntries(
      FUNCTIONS.map((name) => [
        name,
        new LambdaFunction(this.network, {
          name,
          timeoutMs: TIMEOUTS[name],
          instances: settings.instances,
          make: (process) => this.makeHandler(name, process, this.version),
          ended: (ms) => this.onEnded(name, ms),
        }),
      ]),
    ) as Record<FunctionName, LambdaFunction>;
    this.canary = new LambdaFunction(this.network, {
      ...{ name: 'canary', instances: 1, timeoutMs: 60_000 },
      make: () => () => this.sendCanary(),
    });
    const source = (name: SourceName) =>
      new EventSource(this.world, {
        ...{ name, topic: this.topic, target: this.functions[name], batch: 40 },
        windowMs: settings.windowMs[name],
      });
    this.sources = { archive: source('archive'), aggregate: source('aggregate') };
    this.reference = new Reference({
      topic: this.topic,
      posts: this.posts,
      views: () => ALL_VIEWS,
      intervalMinutes: settings.intervalMinutes,
      horizonMs: settings.identityHorizonHours * HOUR,
      now: () => this.world.now,
    });
    this.topic.onAppend = () => {
      this.reference.follow();
      for (const each of Object.values(this.sources)) each.wake();
    };
    this.orchestrator = new Orchestrator(this.world, {
      intervalMinutes: settings.intervalMinutes,
      clientMs: settings.clientMs,
      tasks: () =>
        dagTasks(batchFlow({ partitions: this.flowPartitions }), {
          functions: { seal: 'seal', compact: 'compact', publish: 'publish', reconcile: 'reconcile' },
          ...{ applicationId: '', jobRoleArn: '', lake: 'lake' },
        }),
      invoke: (name, event) => this.functions[name as FunctionName].invoke(event),
      views: (run) => {
        const process = new Process(this.network, 'spark');
        const startOf = (name: string) => parseIntervalName(name, settings.intervalMinutes);
        const work = () => process.sleep(this.work());
        return runViewsJob(this.lake.port(process, new MemoryDisk()), run, startOf, work);
      },
    });
    this.putViewsList();
  }

  apply(fault: Fault): void {
    switch (fault.kind) {
      case 'weather':
        return void this.network.weather.push(fault);
      case 'kill': {
        const happened = () => fault.withRuns && this.orchestrator.die();
        return this.functions[fault.target].disturb({ calls: fault.calls, happened }, fault.share);
      }
      case 'stall':
        return this.functions[fault.target].disturb({ calls: fault.calls, stallMs: fault.ms }, fault.share);
      case 'rebalance':
        return this.sources[fault.source].rebalance(fault.partition, fault.back, fault.ms);
      case 'clock':
        this.topic.clocks[fault.broker] = fault.ahead;
        this.topic.grains[fault.broker] = fault.grain;
        return;
      case 'retention':
        return this.topic.deleteBefore(this.world.now - fault.ms);
      case 'partitions':
        this.topic.grow(fault.partitions);
        if (fault.flow) this.flowPartitions = fault.partitions;
        // It is a deployment: functions read the number from their environment.
        return this.deploy('none');
      case 'run':
        return this.triggerRun(fault.range);
      case 'scheduler':
        this.orchestrator.downUntil = this.world.now + fault.ms;
        if (fault.dies) this.orchestrator.die();
        return;
      case 'canary':
        return void this.canary.invoke({}).catch(() => undefined);
      case 'deploy':
        return this.deploy(fault.change);
    }
  }

  private sendCanary(): Promise<void> {
    const began = this.world.now;
    return makeCanary({
      invoke: async (name, event) => (await this.functions[name as FunctionName].invoke(event)) as HttpResponse,
      ...{ ingest: 'ingest', query: 'query', log: { error: noReport }, now: () => this.world.now },
      report: (_, found) => this.onCanary(began, found as Values<'canary'>),
    })();
  }

  private triggerRun(range?: { readonly back: number; readonly length: number }): void {
    if (!range) return this.orchestrator.trigger({});
    const { back, length } = range;
    const seals = this.lake.keys('seals/').map((key) => /interval=(.*)\.json/.exec(key)![1]);
    const from = Math.max(0, seals.length - back);
    if (seals.length === 0) return;
    this.orchestrator.trigger({ from: seals[from], interval: seals[Math.min(seals.length - 1, from + length)] });
  }

  private deploy(change: Change): void {
    const { version } = this;
    const next: Version = {
      none: version,
      rollback: this.previous,
      view: { ...version, views: [...new Set([...version.views, ONE_SECTION])] },
      views: { ...version, views: [...new Set([...version.views, JOINED])] },
      shorterHorizon: { ...version, horizon: 6 },
    }[change];
    this.previous = version;
    this.version = next;
    this.deployed = this.world.now;
    this.putViewsList();
    // Functions are updated one after the other.
    for (const name of this.world.random.stream(`deploy ${this.world.now}`).shuffled(FUNCTIONS)) {
      this.functions[name].deploy((process) => this.makeHandler(name, process, next));
    }
  }

  /** How long a piece of work takes, ms: about the same each time, from which steps conclude what they can begin. */
  private work(): number {
    const { workMs } = this.plan.settings;
    return this.workTimes.integer(workMs * 0.9, workMs);
  }

  private putViewsList(): void {
    this.lake.put(SPARK_VIEWS_KEY, viewsAsJson(this.version.views));
  }

  private makeHandler(name: FunctionName, process: Process, { views, horizon }: Version): Handler {
    const { intervalMinutes, identityHorizonHours, speedTtlHours } = this.plan.settings;
    const disk = new MemoryDisk();
    const lake = this.lake.port(process, disk);
    const store = keyspacesStore(this.keyspaces.session(process), tables);
    const now = () => this.world.now;
    const sleep = (ms: number) => process.sleep(ms);
    const log = { warn: () => undefined };
    const shared = { topic: TOPIC, intervalMinutes, now, report: noReport };
    switch (name) {
      case 'ingest':
        return makeIngest({ ...shared, send: this.topic.port(process).send });
      case 'archive':
        return makeArchive({
          ...shared,
          store: lake,
          compress: async (content, options) => zstdCompressSync(content, options),
        });
      case 'aggregate':
        return makeAggregate({ ...shared, store, horizon, views, log, limits: FOLD_SOON });
      case 'seal':
        return makeSeal({
          ...{ ...shared, kafka: this.topic.port(process), store: lake, sleep },
          limits: { ...LIMITS, intervals: RUN_INTERVALS, archiveMs: 180_000 },
        });
      case 'compact':
        return makeCompact({
          ...{ ...shared, identityHorizonHours, store: lake, disk, temporary: '/tmp' },
          compaction: compactionOn(disk, () => process.sleep(this.work())),
        });
      case 'publish':
        return makePublish({ ...shared, lake, store, views });
      case 'reconcile':
        return makeReconcile({
          ...{ ...shared, lake, store, views, sleep, log, reportView: noReport },
          ...{ speedTtl: speedTtlHours * HOUR, patience: 120_000 },
        });
      case 'query':
        return makeQuery({
          ...shared,
          reader: queryReader(store, {
            ...{ topic: TOPIC, partitions: this.topic.partitions.length, intervalMinutes },
            cache: { ttl: 5_000, maxKeys: 300_000, now },
          }),
          partitions: this.topic.partitions.length,
          speedTtl: speedTtlHours * HOUR,
        });
    }
  }
}
