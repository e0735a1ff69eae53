/**
 * Compares the layers, interval by interval: the merged speed rows of each view must equal the batch row. The speed
 * layer may be behind (it retries while the store is down), so the handler first waits until it has applied the seal's
 * offsets. The last step of a run: it follows the published part of the plan, and releases the lease.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { parseIntervals } from '../runtime/interval-list';
import { type DriftReport, type PartitionRange } from '../formats/interval-metadata';
import { released, withReconciled } from '../formats/plan';
import { parseRunEvent } from '../formats/run-event';
import { NotYetError, respond, startBudget, type StepResponse } from '../runtime/budget';
import { mapConcurrently } from '../runtime/concurrent';
import { speedSchema } from '../formats/speed-head';
import { ENV, requireEnv, requirePositiveInteger } from '../runtime/env';
import { driftKey } from '../formats/keys';
import { getSeal } from '../aws/lake';
import { planStore, unlessSuperseded, type PlanObjects } from '../aws/plan';
import { invoked, log } from '../runtime/log';
import { report, reportView, type ReportOf, type ReportViewOf } from '../runtime/metrics';
import { lakeFromEnvironment, type ObjectStore } from '../aws/s3';
import { storeFromEnvironment, type ReconcileStore } from '../aws/keyspaces/store';
import { keyspacesStore } from '../aws/keyspaces/writer';
import { endOf, wholeFrom } from '../aws/keyspaces/speed-chain';
import { speedViews, type Chains } from '../aws/keyspaces/speed-reader';
import { openRun } from '../aws/keyspaces/view-runs';
import { mergeRuns, trimRun, type Run } from '../domain/sorted-run';
import { VIEWS, type View } from '../domain/views';
import { behind, difference, isExpired } from './core';
import { HOUR } from '../domain/time';

export interface ReconcileDeps {
  readonly lake: Pick<ObjectStore, 'get'> & PlanObjects;
  readonly store: ReconcileStore;
  readonly topic: string;
  readonly intervalMinutes: number;
  /** Time to live of speed rows, ms. */
  readonly speedTtl: number;
  /** How long to wait for the speed layer, ms. */
  readonly patience: number;
  /** @default - all views */
  readonly views?: readonly View[];
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly report: ReportOf<'reconcile'>;
  readonly reportView: ReportViewOf<'reconcile'>;
  readonly log: Pick<typeof log, 'warn'>;
}

export interface ReconcileResult {
  readonly intervals: readonly { readonly interval: string; readonly drift: number; readonly expired: boolean }[];
}

/** Of a call of a run. */
export interface ReconcileResponse extends StepResponse {
  /** Intervals that this call compared, or found expired. */
  readonly reconciled?: number;
}

const POLL_MS = 500;
const CONCURRENT_READS = 32;
/** Each holds a block of every partition in memory. */
const CONCURRENT_VIEWS = 4;

export function makeHandler(deps: ReconcileDeps): (event: unknown) => Promise<ReconcileResult | ReconcileResponse> {
  const { lake, store, topic, intervalMinutes } = deps;
  const views = deps.views ?? VIEWS;
  const schema = speedSchema(views, intervalMinutes);
  const speed = speedViews(store, topic, schema);
  const plans = planStore(lake, intervalMinutes, deps.now);

  /** @throws NotYetError naming the partition and the offsets, if the speed layer does not catch up in time */
  async function waitForSpeed(ranges: readonly PartitionRange[], patience: number): Promise<void> {
    const deadline = deps.now() + patience;
    for (let waiting = ranges; ; await deps.sleep(POLL_MS)) {
      const chains = await speed.chains(waiting.map(({ partition }) => partition));
      const offsets = new Map([...chains].map(([partition, chain]) => [partition, endOf(chain)]));
      waiting = behind(waiting, offsets);
      if (waiting.length === 0) return;
      if (deps.now() >= deadline) {
        const [{ partition, to }] = waiting;
        const end = offsets.get(partition)!;
        throw new NotYetError(
          `the speed layer is behind in ${waiting.length} partitions: partition ${partition} of '${topic}' must be applied up to offset ${to - 1}, got ${end < 0 ? 'none' : end}`,
        );
      }
    }
  }

  /** The first interval whose speed rows are of this list of views, in every partition and from the first record on. */
  const speedIsWholeFrom = (chains: Chains) =>
    Math.max(0, ...[...chains.values()].map((chain) => wholeFrom(chain, schema)));

  async function speedRun(view: View, chains: Chains, interval: IntervalStart): Promise<Run> {
    const parts = await speed.parts(view, chains, interval, interval);
    const runs = parts.map(({ rows }) => rows());
    return trimRun(view, mergeRuns(view, runs));
  }

  /** Undefined if the view was added after the interval was published: there is nothing to compare. */
  async function batchRun(view: View, interval: IntervalStart): Promise<Run | undefined> {
    const run = await openRun(store, view, intervalName(interval));
    return run && trimRun(view, run.rows());
  }

  async function compare(chains: Chains, intervals: readonly IntervalStart[]): Promise<DriftReport[]> {
    const found = await mapConcurrently(views, CONCURRENT_VIEWS, (view) =>
      mapConcurrently(intervals, CONCURRENT_VIEWS, async (interval) => {
        const batch = await batchRun(view, interval);
        const drift = batch && (await difference(batch, await speedRun(view, chains, interval)));
        return { published: batch !== undefined, drift };
      }),
    );
    const unpublished = intervals.find((_, b) => found.every((each) => !each[b].published));
    if (unpublished !== undefined) throw new Error(`interval ${intervalName(unpublished)} is not published`);
    return intervals.map((interval, b) => {
      const ofViews = views.flatMap(({ name }, v) => {
        const { drift } = found[v][b];
        return drift ? [[name, drift] as const] : [];
      });
      return {
        interval: intervalName(interval),
        expired: false,
        drift: ofViews.reduce((sum, [, { drift }]) => sum + drift, 0),
        views: Object.fromEntries(ofViews),
      };
    });
  }

  /**
   * Stores the drift of the newest compared interval in the boundary. Neither a rerun of an older one overwrites it, nor a call that was
   * frozen while others went on.
   */
  async function recordDrift(newest: IntervalStart, drift: number): Promise<void> {
    for (;;) {
      const boundary = await store.readBoundary(topic);
      if (!boundary) throw new Error(`the boundary of '${topic}' does not exist`);
      const before = boundary.reconciledInterval;
      if ((before ?? -Infinity) > newest || (await store.putDrift(topic, drift, before, newest))) return;
    }
  }

  /** Compares and stores what was found. @param patience how long the speed layer is waited for, ms */
  async function reconcile(intervals: readonly IntervalStart[], patience: number): Promise<DriftReport[]> {
    const seals = await mapConcurrently(intervals, CONCURRENT_READS, async (interval) => {
      const seal = await getSeal(lake, interval, intervalMinutes);
      if (!seal) throw new Error(`interval ${intervalName(interval)} is not sealed`);
      return { interval, ranges: seal.partitions };
    });
    const now = deps.now();
    const expired = new Set(intervals.filter((interval) => isExpired(interval, deps.speedTtl, now)));
    const comparable = seals.filter(({ interval }) => !expired.has(interval));
    // The chain is in order, so the last interval's offsets are the highest.
    const ranges = comparable.at(-1)?.ranges ?? [];
    await waitForSpeed(ranges, patience);
    const chains = await speed.chains(ranges.map(({ partition }) => partition));
    const first = speedIsWholeFrom(chains);
    const compared = await compare(
      chains,
      comparable.flatMap(({ interval }) => (interval < first ? [] : [interval])),
    );
    const left = seals.flatMap<DriftReport>(({ interval }) => {
      if (!expired.has(interval) && interval >= first) return [];
      const changed = expired.has(interval) ? {} : { viewsChanged: true as const };
      return [{ interval: intervalName(interval), expired: true, ...changed, drift: 0, views: {} }];
    });
    const reports = [...left, ...compared];
    await mapConcurrently(intervals, CONCURRENT_READS, (interval) => {
      const found = reports.find((each) => each.interval === intervalName(interval))!;
      return lake.put(driftKey(interval), `${JSON.stringify(found)}\n`, { contentType: 'application/json' });
    });
    return reports;
  }

  async function conclude(reports: readonly DriftReport[], began: number): Promise<void> {
    const compared = reports.filter((each) => !each.expired);
    const drift = compared.reduce((sum, each) => sum + each.drift, 0);
    const newest = compared.at(-1);
    if (newest) await recordDrift(parseIntervalName(newest.interval, intervalMinutes), drift);
    reportRun(reports.length, reports, drift, deps.now() - began);
  }

  /** Compares the published intervals of the plan, one at a time. */
  async function reconcileRun(run: string): Promise<ReconcileResponse> {
    const began = deps.now();
    const budget = startBudget(deps.now);
    const plan = await plans.hold(run);
    const reports: DriftReport[] = [];
    let missing: NotYetError | undefined;
    let state: 'done' | 'more' = 'done';
    for (const name of plan.unreconciled) {
      if (!budget.allows()) {
        state = 'more';
        break;
      }
      const patience = Math.min(deps.patience, budget.left());
      const interval = parseIntervalName(name, intervalMinutes);
      try {
        reports.push(...(await budget.unit(() => reconcile([interval], patience))));
      } catch (error) {
        if (!(error instanceof NotYetError)) throw error;
        missing = error;
        break;
      }
    }
    if (reports.length > 0) await conclude(reports, began);
    const done = reports.map(({ interval }) => interval);
    await plans.update(run, (current) => withReconciled(current, done));
    if (missing) throw missing;
    if (state === 'done') await plans.update(run, released);
    return { state, reconciled: reports.length };
  }

  return async (event) => {
    const run = parseRunEvent(event);
    if (run) return respond(run, () => unlessSuperseded<ReconcileResponse>(() => reconcileRun(run.run)));
    const began = deps.now();
    const reports = await reconcile(parseIntervals(event, intervalMinutes), deps.patience);
    await conclude(reports, began);
    return {
      intervals: reports.map(({ interval, drift: of, expired: past }) => ({ interval, drift: of, expired: past })),
    };
  };

  function reportRun(received: number, reports: readonly DriftReport[], drift: number, duration: number): void {
    const compared = reports.filter((each) => !each.expired);
    const past = reports.filter((each) => each.expired).map(({ interval }) => interval);
    if (past.length > 0)
      deps.log.warn('speed rows are past their time to live, or older than the views: nothing to compare', {
        intervals: past,
      });
    if (drift > 0) {
      const different = compared.filter((each) => each.drift > 0);
      deps.log.warn('the layers differ', { drift, intervals: different.map(({ interval }) => interval) });
    }
    // An interval that was not compared has no drift, not even 0.
    const totalDrift = compared.length > 0 ? { totalDrift: drift } : {};
    deps.report('reconcile', { received, written: compared.length, expired: past.length, ...totalDrift, duration });
    if (compared.length === 0) return;
    for (const view of views) {
      const found = compared.flatMap((each) => each.views[view.name] ?? []);
      if (found.length === 0) continue;
      const ofView = found.reduce((sum, each) => sum + each.drift, 0);
      deps.reportView('reconcile', view.name, { drift: ofView });
    }
  }
}

/** The speed layer is seconds behind, or has an outage, which the retries of Airflow wait out. */
const PATIENCE = 120_000;

export const handler = invoked(() =>
  makeHandler({
    lake: lakeFromEnvironment(),
    store: storeFromEnvironment('reconcile', keyspacesStore),
    topic: requireEnv(ENV.topic),
    intervalMinutes: requirePositiveInteger(ENV.intervalMinutes),
    speedTtl: requirePositiveInteger(ENV.speedTtlHours) * HOUR,
    patience: PATIENCE,
    now: Date.now,
    sleep,
    report,
    reportView,
    log,
  }),
);
