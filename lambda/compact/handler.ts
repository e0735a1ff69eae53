/**
 * From the raw log to one Parquet file an interval and partition, in which each post counts once. Two steps, so that the
 * partitions of an interval can run beside each other: `compact` does some partitions, interval by interval; `commit`
 * writes the manifests once all partitions are done, and computes views where DuckDB is the views engine. Outputs are a function of
 * the log, so a rerun writes the same bytes.
 *
 * In a run, both go along its plan: they leave out what is done, and end within their budget.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { serialize, type PartitionSummary, type Seal } from '../formats/interval-metadata';
import { mapConcurrently } from '../runtime/concurrent';
import { sha256 } from '../runtime/digest';
import { respond, startBudget, type StepResponse } from '../runtime/budget';
import { ENV, requireEnv, requirePositiveInteger } from '../runtime/env';
import { manifestKey } from '../formats/keys';
import { planName, withManifests } from '../formats/plan';
import { getManifest, getSeal } from '../aws/lake';
import { planStore, unlessSuperseded, type PlanObjects } from '../aws/plan';
import { invoked } from '../runtime/log';
import { report, type ReportOf } from '../runtime/metrics';
import { lakeFromEnvironment, type ObjectStore } from '../aws/s3';
import { manifestOf, parseEvent, parseViewsEngine, resourcesOf, ROWS_OF_DUCKDB, type CompactCall } from './core';
import { DISK, type Disk } from './disk';
import { compactionWith, type Compaction } from './engine';
import { inputsOf, isValid, storedSummary } from './inputs';
import { partitionRun } from './partition';
import { makeViews, type ViewsDeps } from './views';
import { viewsEngineWith } from './views-engine';

export interface Deps {
  readonly intervalMinutes: number;
  readonly identityHorizonHours: number;
  readonly store: Pick<ObjectStore, 'get' | 'list' | 'download' | 'upload'> & PlanObjects;
  readonly compaction: Compaction;
  /** @default - the Spark job computes all views */
  readonly viewsEngine?: ViewsDeps;
  /** @default - the machine's */
  readonly disk?: Disk;
  /** Folder under which each run makes and removes one of its own. */
  readonly temporary: string;
  report: ReportOf<'compact'>;
  now(): number;
}

/** Of a call for named intervals. */
export interface CompactResult {
  /** Absent for `commit`. */
  readonly partition?: number;
  readonly intervals: readonly { readonly interval: string; readonly rows: number }[];
}

/** Of a call of a run. */
export interface CompactResponse extends StepResponse {
  /** Of `compact`: intervals and partitions that this call computed. Of `commit`: intervals whose views it computed. */
  readonly computed?: number;
  /** Of `commit`: intervals of the plan that have a manifest. */
  readonly committed?: number;
  /** Of `commit`: intervals whose views are left to the Spark job. */
  readonly views?: number;
}

type Run<Step extends CompactCall['step']> = Extract<CompactCall, { step: Step; run: string }>;

const CONCURRENT_READS = 16;

export function makeHandler(deps: Deps): (event: unknown) => Promise<CompactResult | CompactResponse> {
  const { store, intervalMinutes, disk = DISK } = deps;
  const plans = planStore(store, intervalMinutes, deps.now);
  const computeViews = deps.viewsEngine && makeViews(deps, deps.viewsEngine);
  const startOf = (name: string) => parseIntervalName(name, intervalMinutes);

  async function sealOf(interval: IntervalStart): Promise<Seal> {
    const seal = await getSeal(store, interval, intervalMinutes);
    if (!seal) throw new Error(`interval ${intervalName(interval)} is not sealed`);
    return seal;
  }

  /** The interval before, which this one builds on: its manifest says that all its files are there. */
  async function previousOf(seal: Seal, done: ReadonlyMap<string, Seal>): Promise<Seal | undefined> {
    if (seal.previous === null) return undefined;
    const here = done.get(seal.previous);
    if (here) return here;
    const previous = startOf(seal.previous);
    if (!(await getManifest(store, previous, intervalMinutes))) {
      throw new Error(`interval ${seal.interval} needs the one before it, ${seal.previous}, which has no manifest yet`);
    }
    return sealOf(previous);
  }

  /** Lets `use` compact intervals and partitions, and reports what it computed. */
  async function compacting<T>(use: (run: ReturnType<typeof partitionRun>) => Promise<T>): Promise<T> {
    const started = deps.now();
    const directory = await disk.makeTemporary(join(deps.temporary, 'compact-'));
    const total = { received: 0, written: 0, repeated: 0, quarantined: 0, controlRecords: 0, bytes: 0 };
    let computed = 0;
    try {
      const run = partitionRun({ store, compaction: deps.compaction, disk, directory });
      return await use(async (...unit) => {
        const summary = await run(...unit);
        computed++;
        total.received += summary.to - summary.from;
        total.written += summary.accepted;
        total.repeated += summary.repeated;
        total.quarantined += summary.quarantined;
        total.controlRecords += summary.controlRecords;
        total.bytes += summary.bytes;
        return summary;
      });
    } finally {
      await disk.remove(directory);
      if (computed > 0) deps.report('compact', { ...total, duration: deps.now() - started });
    }
  }

  function compact(partition: number, intervals: readonly IntervalStart[]): Promise<CompactResult> {
    return compacting(async (run) => {
      const done = new Map<string, Seal>();
      const rows: { interval: string; rows: number }[] = [];
      for (const interval of intervals) {
        const seal = await sealOf(interval);
        const summary = await run(await inputsOf(deps, partition, seal, await previousOf(seal, done)));
        done.set(seal.interval, seal);
        rows.push({ interval: seal.interval, rows: summary.rows });
      }
      return { partition, intervals: rows };
    });
  }

  async function compactRun({ run: holder, partition: task, of }: Run<'compact'>): Promise<CompactResponse> {
    const budget = startBudget(deps.now);
    const plan = await plans.hold(holder);
    const forcedBy = plan.force ? planName(plan) : undefined;
    return compacting(async (run) => {
      const done = new Map<string, Seal>();
      let computed = 0;
      for (const name of plan.intervals.slice(plan.manifests.length)) {
        const seal = await sealOf(startOf(name));
        const previous = await previousOf(seal, done);
        for (const { partition } of seal.partitions.filter((each) => each.partition % of === task)) {
          const inputs = await inputsOf(deps, partition, seal, previous);
          if (isValid(await storedSummary(store, inputs.interval, partition), inputs, forcedBy)) continue;
          if (!budget.allows()) return { state: 'more', computed };
          await budget.unit(() => run(inputs, forcedBy));
          computed++;
        }
        done.set(name, seal);
      }
      return { state: 'done', computed };
    });
  }

  async function commitOne(
    seal: Seal,
    summaries: readonly (PartitionSummary | undefined)[],
  ): Promise<{ readonly rows: number; readonly digest: string }> {
    const manifest = manifestOf(seal, summaries);
    const text = serialize(manifest);
    await store.put(manifestKey(startOf(seal.interval)), text, { contentType: 'application/json' });
    return { rows: manifest.rows, digest: sha256(text) };
  }

  async function commit(intervals: readonly IntervalStart[]): Promise<CompactResult> {
    const done = new Map<string, Seal>();
    const rows: { interval: string; rows: number }[] = [];
    for (const interval of intervals) {
      const seal = await sealOf(interval);
      await previousOf(seal, done);
      const summaries = await mapConcurrently(seal.partitions, CONCURRENT_READS, ({ partition }) =>
        storedSummary(store, interval, partition),
      );
      rows.push({ interval: seal.interval, rows: (await commitOne(seal, summaries)).rows });
      done.set(seal.interval, seal);
    }
    return { intervals: rows };
  }

  /** The summaries of all partitions, or undefined if one is not computed from what is there now. */
  async function validSummaries(
    seal: Seal,
    previous: Seal | undefined,
    forcedBy: string | undefined,
  ): Promise<PartitionSummary[] | undefined> {
    const found = await mapConcurrently(seal.partitions, CONCURRENT_READS, async ({ partition }) => {
      const summary = await storedSummary(store, startOf(seal.interval), partition);
      // Looked for first: without it the files that the next interval builds on may be missing.
      if (!summary) return undefined;
      return isValid(summary, await inputsOf(deps, partition, seal, previous), forcedBy) ? summary : undefined;
    });
    return found.every((summary) => summary !== undefined) ? found : undefined;
  }

  /**
   * Commits the intervals of the plan up to the first one that is not compacted. Computes the views of those to publish, or lists the
   * intervals for the Spark job.
   */
  async function commitRun({ run }: Run<'commit'>): Promise<CompactResponse> {
    const budget = startBudget(deps.now);
    let plan = await plans.hold(run);
    const forcedBy = plan.force ? planName(plan) : undefined;
    const done = new Map<string, Seal>();
    const manifests = [...plan.manifests];
    let state: 'done' | 'more' = 'done';
    for (const name of plan.intervals.slice(manifests.length)) {
      if (!budget.allows()) {
        state = 'more';
        break;
      }
      const digest = await budget.unit(async () => {
        const seal = await sealOf(startOf(name));
        const summaries = await validSummaries(seal, await previousOf(seal, done), forcedBy);
        if (!summaries) return undefined;
        done.set(name, seal);
        return (await commitOne(seal, summaries)).digest;
      });
      if (digest === undefined) break;
      manifests.push(digest);
    }
    plan = await plans.update(run, (current) => withManifests(current, manifests));
    const open = manifests.map((manifest, i) => ({ interval: plan.intervals[i], manifest })).slice(plan.published);
    const views = await computeViews?.(open, budget);
    const left = views?.left ?? open.map(({ interval }) => interval);
    await plans.putViewsList(run, left);
    return {
      state: views?.state === 'more' ? 'more' : state,
      ...{ committed: manifests.length, views: left.length },
      ...(views && { computed: views.computed }),
    };
  }

  return async (event) => {
    const call = parseEvent(event, intervalMinutes);
    if (call.intervals) {
      return call.step === 'compact' ? compact(call.partition, call.intervals) : commit(call.intervals);
    }
    return respond(call, () =>
      unlessSuperseded<CompactResponse>(() => (call.step === 'compact' ? compactRun(call) : commitRun(call))),
    );
  };
}

/** Lambda states a function's size; elsewhere (the local run, tests) there is none to keep to. */
function functionMb(): number {
  return Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 1_769);
}

export const handler = invoked(() => {
  const intervalMinutes = requirePositiveInteger(ENV.intervalMinutes);
  const resources = resourcesOf(functionMb());
  const shared = { intervalMinutes, store: lakeFromEnvironment(), temporary: tmpdir(), now: Date.now };
  const identityHorizonHours = requirePositiveInteger(ENV.identityHorizonHours);
  const mostRows = ROWS_OF_DUCKDB[parseViewsEngine(ENV.viewsEngine, requireEnv(ENV.viewsEngine))];
  return makeHandler({
    ...{ ...shared, identityHorizonHours, compaction: compactionWith(resources), report },
    ...(mostRows > 0 && { viewsEngine: { engine: viewsEngineWith(resources), mostRows } }),
  });
});
