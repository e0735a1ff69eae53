/**
 * Publishes intervals: writes Spark's results to the view store, rolls up the days and months that become complete, and
 * only then moves the boundary, with one conditional write per interval. Readers see an interval in the batch layer
 * when all its rows exist, never before. The last write marks the interval as published in the lake. A rerun overwrites
 * all rows, so it repairs any failure. In a run, it follows the plan, one interval at a time. Asked to, it only deletes what was
 * replaced, at once: for erasing a person.
 */
import { intervalEnd, intervalName, parseIntervalName, requireLength, type IntervalStart } from '../domain/intervals';
import { parseIntervals } from '../runtime/interval-list';
import { type Seal } from '../formats/interval-metadata';
import { released, withPublished } from '../formats/plan';
import { parseRunEvent } from '../formats/run-event';
import { respond, startBudget, type StepResponse } from '../runtime/budget';
import { mapConcurrently } from '../runtime/concurrent';
import { ENV, requireEnv, requirePositiveInteger } from '../runtime/env';
import { intervalNameOfManifest, manifestsOfDayPrefix, publishedKey } from '../formats/keys';
import { getSeal } from '../aws/lake';
import { planStore, unlessSuperseded, type PlanObjects } from '../aws/plan';
import { areViewsCurrent, viewsDone } from '../aws/views';
import { invoked } from '../runtime/log';
import { report, type ReportOf } from '../runtime/metrics';
import { lakeFromEnvironment, type ObjectStore } from '../aws/s3';
import { storeFromEnvironment, type PublishStore } from '../aws/keyspaces/store';
import { keyspacesStore } from '../aws/keyspaces/writer';
import { VIEWS, type View } from '../domain/views';
import { completedBy, daysOfMonth, planMoves, rollUpsWith, union, type Move, type RollUps } from './core';
import { runPublisher, type PublishedRun } from './runs';

export interface PublishDeps {
  readonly lake: Pick<ObjectStore, 'get' | 'open' | 'list'> & PlanObjects;
  readonly store: PublishStore;
  /** Name of the boundary. */
  readonly topic: string;
  readonly intervalMinutes: number;
  /** @default - all views */
  readonly views?: readonly View[];
  readonly now: () => number;
  readonly report: ReportOf<'publish'>;
}

export interface PublishResult {
  /** Name of the newest published interval; null if there is none. */
  readonly boundary: string | null;
}

/** Of a call of a run. */
export interface PublishResponse extends StepResponse {
  /** Intervals of the plan that are published. */
  readonly published?: number;
  /** Replaced runs that were deleted, where this was asked for. */
  readonly deleted?: number;
}

const emptyTally = () => ({
  received: 0,
  written: 0,
  rollUps: 0,
  batchBytes: 0,
  bytes: 0,
  writeUnits: 0,
  conditionFailed: 0,
});

const CONCURRENT_OBJECTS = 32;
/** What each holds in memory is bounded, but several times a chunk for each part of a period. */
const CONCURRENT_RUNS = 4;
const WRITE_UNIT_BYTES = 1024;

export function makeHandler(deps: PublishDeps): (event: unknown) => Promise<PublishResult | PublishResponse> {
  const { lake, store, topic, intervalMinutes } = deps;
  const views = deps.views ?? VIEWS;
  const plans = planStore(lake, intervalMinutes, deps.now);
  const runs = runPublisher({ lake, store, topic, now: deps.now });

  const notComputed = (interval: IntervalStart) =>
    new Error(`the views of interval ${intervalName(interval)} are not computed, or by another list of views`);

  /** Rejects intervals that Spark has not finished by this list of views, before anything is written. */
  async function requireViews(interval: IntervalStart): Promise<void> {
    if (!(await viewsDone(lake, interval, views))) throw notComputed(interval);
  }

  async function boundaryOf(): Promise<IntervalStart | undefined> {
    const row = await store.readBoundary(topic);
    if (row) requireLength('the time boundary', row.intervalMinutes, intervalMinutes);
    return row?.interval;
  }

  async function requireSeal(interval: IntervalStart): Promise<Seal> {
    const seal = await getSeal(lake, interval, intervalMinutes);
    if (!seal) throw new Error(`interval ${intervalName(interval)} is not sealed`);
    return seal;
  }

  /** @returns the boundary afterwards */
  async function publish(
    intervals: readonly IntervalStart[],
    tally: ReturnType<typeof emptyTally>,
  ): Promise<IntervalStart | undefined> {
    function count({ sizes }: PublishedRun): void {
      for (const size of sizes) {
        tally.bytes += size;
        tally.writeUnits += Math.ceil(size / WRITE_UNIT_BYTES);
      }
    }

    /** Merges the existing rows of `parts` into the row of `period`. */
    async function rollUp(period: string, parts: readonly string[]): Promise<void> {
      // A period without an interval has no row, like an interval without a record.
      if (parts.length === 0) return;
      await mapConcurrently(views, CONCURRENT_RUNS, async (view) => {
        const rolledUp = await runs.rollUp(view, period, parts);
        if (!rolledUp) return;
        count(rolledUp);
        tally.rollUps++;
      });
    }

    async function intervalsOfDay(day: string): Promise<string[]> {
      const names: string[] = [];
      for await (const { key } of lake.list({ prefix: manifestsOfDayPrefix(day) })) {
        const name = intervalNameOfManifest(key);
        if (name !== undefined) names.push(name);
      }
      return names;
    }

    async function writeRollUps({ days, months }: RollUps): Promise<void> {
      for (const day of days) await rollUp(day, await intervalsOfDay(day));
      for (const month of months) await rollUp(month, daysOfMonth(month));
    }

    async function move({ from, to }: Move): Promise<void> {
      const moved =
        from === undefined
          ? await store.startBoundary(topic, to, intervalMinutes, deps.now())
          : await store.moveBoundary(topic, from, to, deps.now());
      if (moved) return;
      tally.conditionFailed++;
      // Another run may have moved it already, or this write succeeded and its response was lost.
      const found = (await store.readBoundary(topic))?.interval;
      if (found === undefined || found < to) {
        throw new Error(
          `the boundary of '${topic}' must be at ${from === undefined ? 'nothing' : intervalName(from)} to move to ${intervalName(to)}, got ${found === undefined ? 'nothing' : intervalName(found)}`,
        );
      }
    }

    const before = await boundaryOf();
    const seals = await mapConcurrently(intervals, CONCURRENT_OBJECTS, requireSeal);
    const moves = planMoves(before, seals, intervalMinutes);
    await mapConcurrently(intervals, CONCURRENT_OBJECTS, requireViews);

    const targets = intervals.flatMap((interval) => views.map((view) => ({ interval, view })));
    tally.received += targets.length;
    await mapConcurrently(targets, CONCURRENT_RUNS, async ({ interval, view }) => {
      const published = await runs.interval(view, interval);
      count(published);
      tally.batchBytes += published.objectBytes!;
      tally.written++;
    });

    if (before !== undefined) {
      const again = intervals.filter((interval) => interval <= before);
      await writeRollUps(union(again.map((interval) => rollUpsWith(interval, before, intervalMinutes))));
    }
    for (const each of moves) {
      await writeRollUps(completedBy(each, intervalMinutes));
      await move(each);
    }
    return moves.at(-1)?.to ?? before;
  }

  /** Last of all: until then `seal` has the intervals processed again. */
  async function mark(intervals: readonly IntervalStart[]): Promise<void> {
    await mapConcurrently(intervals, CONCURRENT_OBJECTS, (interval) =>
      lake.put(publishedKey(interval), `${JSON.stringify({ interval: intervalName(interval) })}\n`, {
        contentType: 'application/json',
      }),
    );
  }

  function reportOn(tally: ReturnType<typeof emptyTally>, boundary: IntervalStart | undefined, began: number): void {
    const now = deps.now();
    deps.report('publish', {
      ...tally,
      duration: now - began,
      ...(boundary === undefined ? {} : { boundaryAge: now - intervalEnd(boundary, intervalMinutes) }),
    });
  }

  /** Publishes the intervals of the plan up to the first one whose views are not computed. */
  async function publishRun(run: string): Promise<PublishResponse> {
    const began = deps.now();
    const budget = startBudget(deps.now);
    const tally = emptyTally();
    let plan = await plans.hold(run);
    let boundary = await boundaryOf();
    let state: 'done' | 'more' = 'done';
    while (plan.published < plan.manifests.length) {
      const interval = parseIntervalName(plan.intervals[plan.published], intervalMinutes);
      if (!(await areViewsCurrent(lake, interval, plan.manifests[plan.published], views))) {
        if (tally.received === 0) throw notComputed(interval);
        break;
      }
      if (!budget.allows()) {
        state = 'more';
        break;
      }
      boundary = await budget.unit(() => publish([interval], tally));
      const next = plan.published + 1;
      plan = await plans.update(run, (current) => withPublished(current, next));
      // Now that the plan says that it is to be reconciled: a run that dies before leaves it to the next one.
      await mark([interval]);
    }
    if (budget.allows()) await runs.deleteUnreferenced();
    reportOn(tally, boundary, began);
    return { state, published: plan.published };
  }

  /** Under the lease, since a run that is being written is not named yet either. */
  async function deleteReplaced(run: string): Promise<PublishResponse> {
    await plans.acquire(run, { force: false });
    const deleted = await runs.deleteUnreferenced(0);
    await plans.update(run, released);
    return { state: 'done', deleted };
  }

  return async (event) => {
    const run = parseRunEvent(event);
    if (run && (event as { replaced?: unknown }).replaced === 'delete') {
      return unlessSuperseded<PublishResponse>(() => deleteReplaced(run.run));
    }
    if (run) return respond(run, () => unlessSuperseded<PublishResponse>(() => publishRun(run.run)));
    const began = deps.now();
    const tally = emptyTally();
    const intervals = parseIntervals(event, intervalMinutes);
    const boundary = await publish(intervals, tally);
    await mark(intervals);
    await runs.deleteUnreferenced();
    reportOn(tally, boundary, began);
    return { boundary: boundary === undefined ? null : intervalName(boundary) };
  };
}

export const handler = invoked(() =>
  makeHandler({
    lake: lakeFromEnvironment(),
    store: storeFromEnvironment('publish', keyspacesStore),
    topic: requireEnv(ENV.topic),
    intervalMinutes: requirePositiveInteger(ENV.intervalMinutes),
    now: Date.now,
    report,
  }),
);
