/** The whole pipeline in one process: the real handlers over the models, with clients, faults and invariants of a plan. */
import { zstdCompressSync } from 'node:zlib';
import { type FoldLimits } from '../../lambda/aggregate/folding';
import { makeHandler as makeAggregate } from '../../lambda/aggregate/handler';
import { makeHandler as makeArchive } from '../../lambda/archive/handler';
import { type ObjectStore } from '../../lambda/aws/s3';
import { type LambdaKafkaEvent } from '../../lambda/runtime/kafka-event';
import { type Tables } from '../../lambda/aws/keyspaces/store';
import { keyspacesStore } from '../../lambda/aws/keyspaces/writer';
import { makeHandler as makeCanary } from '../../lambda/canary/handler';
import { makeHandler as makeCompact } from '../../lambda/compact/handler';
import { PREFIXES, SPARK_VIEWS_KEY } from '../../lambda/formats/keys';
import { parseIntervalName } from '../../lambda/domain/intervals';
import { viewsAsJson } from '../../lambda/domain/views';
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
import {
  FUNCTIONS,
  HOUR,
  MOST_ADDED_PARTITIONS,
  type Fault,
  type Operation,
  type FunctionName,
  type Plan,
  type SourceName,
} from './plan';
import { makePost, VERSIONS, type SimulatedPost } from './posts';
import { Network, Process } from './process';
import { nameOf, Reference } from './reference';
import { baseViews, LENGTH_CHANGES, Versions, type Change, type Version } from './versions';
import { World, type Random } from './world';

export const TOPIC = 'posts';
/** The most records of a partition that an event source hands over together. */
export const LARGEST_BATCH = 40;

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

const MINUTE = 60_000;
/** The longest that a part of a deployment takes, ms. */
const DEPLOY_PART_MS = MINUTE;
/** While partitions are added. */
const SENDERS_STOP_MS = 6 * MINUTE;
const LENGTHS: ReadonlySet<Change> = new Set(LENGTH_CHANGES);

const noReport = () => undefined;
/** So that a few posts make runs of all tiers. */
const FOLD_SOON: FoldLimits = { deltas: 3, bytes: 64 * 1_024, fewest: 1, runs: 2, ms: 100 };

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

const REJECTED = '!';
const rejected = (base64: string) =>
  Buffer.concat([Buffer.from(REJECTED), Buffer.from(base64, 'base64')]).toString('base64');

/** Stores what is quarantined as it was sent. */
function strictQuarantine(lake: ObjectStore): Pick<ObjectStore, 'put'> {
  return {
    put(key, body, options) {
      if (!key.startsWith(PREFIXES.quarantine)) return lake.put(key, body, options);
      const stored = JSON.parse(body.toString()) as { readonly payload: string };
      const payload = Buffer.from(stored.payload, 'base64');
      const asSent = payload.toString('latin1', 0, 1) === REJECTED ? payload.subarray(1) : payload;
      return lake.put(key, JSON.stringify({ ...stored, payload: asSent.toString('base64') }), options);
    },
  };
}

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
  /** Called with the duration of each invocation, and the run that it was a step of. */
  onEnded: (name: FunctionName, ms: number, run: string | undefined) => void = () => undefined;
  /** By index, by version. */
  readonly posts = new Map<number, readonly SimulatedPost[]>();
  readonly versions: Versions;
  /** Posts that operators have begun to erase. */
  readonly erased = new Set<number>();
  /** ms */
  sendersStopUntil = 0;
  private readonly workTimes: Random;
  /** Partitions of the topic when the flow was deployed. */
  private flowPartitions: number;

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
    const { speedHorizonIntervals: horizon, intervalMinutes, strict: isStrict } = settings;
    this.versions = new Versions({ views: baseViews(settings.views), horizon, intervalMinutes, strict: isStrict });
    const first = this.versions.current;
    const last = plan.sends.reduce((most, { posts }) => Math.max(most, ...posts.map(({ index }) => index)), -1);
    const random = this.world.random.stream('posts');
    for (let index = settings.firstPost; index <= last; index++) {
      const bad = random.stream(`${index} bad`).chance(settings.bad);
      const strict = settings.strict && random.stream(`${index} strict`).chance(0.1);
      // What is quarantined once and accepted later is of one version.
      const make = (version: number) =>
        makePost(index, version, random.stream(`${index} ${strict ? 0 : version}`), { ...settings, bad, strict });
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
          // A task for each partition, and those that are added.
          instances: name === 'compact' ? settings.partitions + MOST_ADDED_PARTITIONS : settings.instances,
          make: (process) => this.makeHandler(name, process, first),
          ended: (ms, run) => this.onEnded(name, ms, run),
        }),
      ]),
    ) as Record<FunctionName, LambdaFunction>;
    this.canary = new LambdaFunction(this.network, {
      ...{ name: 'canary', instances: 1, timeoutMs: 60_000 },
      make: () => () => this.sendCanary(),
    });
    const source = (name: SourceName) =>
      new EventSource(this.world, {
        ...{ name, topic: this.topic, target: this.functions[name], batch: LARGEST_BATCH },
        windowMs: settings.windowMs[name],
      });
    this.sources = { archive: source('archive'), aggregate: source('aggregate') };
    const toErase = new Set(
      plan.faults.filter((fault) => fault.kind === 'erase').map(({ post }) => nameOf(this.posts.get(post)![0].person)),
    );
    this.reference = new Reference({
      topic: this.topic,
      posts: this.posts,
      intervalMinutes,
      horizonMs: settings.identityHorizonHours * HOUR,
      now: () => this.world.now,
      isErased: (index) => this.posts.get(index)!.some(({ person }) => toErase.has(nameOf(person))),
    });
    this.topic.onAppend = () => {
      this.reference.follow();
      for (const each of Object.values(this.sources)) each.wake();
    };
    this.orchestrator = new Orchestrator(this.world, {
      intervalMinutes,
      clientMs: settings.clientMs,
      tasks: () =>
        dagTasks(batchFlow({ partitions: this.flowPartitions, viewsEngine: 'spark' }), {
          functions: { seal: 'seal', compact: 'compact', publish: 'publish', reconcile: 'reconcile' },
          spark: { applicationId: '', jobRoleArn: '', lake: 'lake' },
        }),
      invoke: (name, event) => this.functions[name as FunctionName].invoke(event),
      views: (run) => {
        const process = new Process(this.network, 'spark');
        const startOf = (name: string) => parseIntervalName(name, intervalMinutes);
        const work = () => process.sleep(this.work());
        return runViewsJob(this.lake.port(process, new MemoryDisk()), run, startOf, work);
      },
    });
    this.putViewsList(first);
  }

  apply(fault: Exclude<Fault, Operation>): void {
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
        // The first rows of a partition say which length its intervals have, and no other one is read from then on.
        if (this.versions.ready === Infinity || LENGTH_CHANGES.some((change) => this.versions.has(change))) {
          return void this.world.after(MINUTE, '', () => this.apply(fault));
        }
        // As docs/upgrades-and-teardown.md says: a record of a partition that no seal knew would be of an interval that is sealed, by a
        // clock that is behind.
        this.sendersStopUntil = this.world.now + SENDERS_STOP_MS;
        return void this.world.after(MINUTE, '', () => {
          this.topic.grow(fault.partitions);
          if (fault.flow) this.flowPartitions = fault.partitions;
          // It is a deployment: functions read the number from their environment.
          this.deploy('none');
        });
      case 'run':
        return this.triggerRun(fault.range);
      case 'scheduler':
        this.orchestrator.downUntil = this.world.now + fault.ms;
        if (fault.dies) this.orchestrator.die();
        return;
      case 'canary':
        return void this.canary.invoke({}).catch(() => undefined);
      case 'deploy':
        return this.deploy(fault.change, { at: fault.backAt });
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
    if (!range) return void this.orchestrator.trigger({});
    const { back, length } = range;
    const seals = this.lake.keys('seals/').map((key) => /interval=(.*)\.json/.exec(key)![1]);
    const from = Math.max(0, seals.length - back);
    if (seals.length === 0) return;
    void this.orchestrator.trigger({ from: seals[from], interval: seals[Math.min(seals.length - 1, from + length)] });
  }

  /** Whether a post may be counted, or not. */
  isUncertain(index: number): boolean {
    return this.erased.has(index) || this.posts.get(index)![0].strict;
  }

  /**
   * One deployment at a time; parts of it are updated one after the other.
   * @param back `at`: when the change is taken back, if it ever is; `now`: it is
   */
  private deploy(change: Change, back: { readonly at?: number } | 'now' = {}): void {
    const { world, versions } = this;
    if (versions.ready === Infinity) return void world.after(MINUTE, '', () => this.deploy(change, back));
    if (back !== 'now') {
      if (LENGTHS.has(change) && !this.hasData()) return;
      if (back.at !== undefined) world.at(back.at, '', () => this.deploy(change, 'now'));
    }
    const applied = this.topic.partitions.map((_, partition) => this.sources.aggregate.committed(partition));
    const next = versions.begin(change, back === 'now', applied);
    const random = world.random.stream(`deploy ${world.now}`);
    const parts = [
      () => this.putViewsList(next),
      ...FUNCTIONS.map((name) => () => this.functions[name].deploy((process) => this.makeHandler(name, process, next))),
    ];
    let at = world.now;
    for (const part of random.shuffled(parts)) world.at((at += random.integer(0, DEPLOY_PART_MS)), '', part);
    world.at(at, `deployed ${change}${back === 'now' ? ' back' : ''}`, () => versions.end(world.now));
  }

  /** Each partition has a head, and an interval is served: what is stored says of which length it is. */
  private hasData(): boolean {
    const heads = [...this.keyspaces.rows('speed_head')].length;
    return this.lake.keys('published/').length > 0 && heads === this.topic.partitions.length;
  }

  /** Consumers of a version with stricter rules: what these reject is no JSON for the rules of now. */
  private byRules({ strict }: Version, handler: Handler): Handler {
    if (!strict) return handler;
    const isRejected = (key?: string | null) =>
      key && (this.posts.get(Number(Buffer.from(key, 'base64').toString()))?.[0].strict ?? false);
    return (event: LambdaKafkaEvent) => {
      const records = Object.entries(event.records).map(([partition, some]) => [
        partition,
        some.map((record) => (isRejected(record.key) ? { ...record, value: rejected(record.value!) } : record)),
      ]);
      return handler({ ...event, records: Object.fromEntries(records) } as never);
    };
  }

  /** How long a piece of work takes, ms: about the same each time, from which steps conclude what they can begin. */
  private work(): number {
    const { workMs } = this.plan.settings;
    return this.workTimes.integer(workMs * 0.9, workMs);
  }

  private putViewsList({ views }: Version): void {
    this.lake.put(SPARK_VIEWS_KEY, viewsAsJson(views));
  }

  private makeHandler(name: FunctionName, process: Process, version: Version): Handler {
    const { views, horizon, intervalMinutes } = version;
    const { identityHorizonHours, speedTtlHours } = this.plan.settings;
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
        return this.byRules(
          version,
          makeArchive({
            ...shared,
            store: version.strict ? strictQuarantine(lake) : lake,
            compress: async (content, options) => zstdCompressSync(content, options),
          }),
        );
      case 'aggregate':
        return this.byRules(
          version,
          makeAggregate({ ...shared, store, horizon, identityHorizonHours, views, log, limits: FOLD_SOON }),
        );
      case 'seal':
        return makeSeal({
          ...{ ...shared, kafka: this.topic.port(process), store: lake, sleep },
          limits: { ...LIMITS, archiveMs: 180_000 },
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
            ...{ topic: TOPIC, partitions: this.topic.partitions.length, intervalMinutes, views },
            cache: { ttl: 5_000, maxKeys: 300_000, now },
          }),
          partitions: this.topic.partitions.length,
          views,
          speedTtl: speedTtlHours * HOUR,
        });
    }
  }
}
