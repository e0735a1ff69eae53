/**
 * Fixes the offset ranges of the intervals that are over: every one with records since the last seal, oldest first. An interval is
 * sealed only when there is a record with a later timestamp in every partition, and the archive holds every
 * offset of it. Seals are written once; asked again for a sealed interval, it answers what is stored. What an earlier run
 * sealed and did not get published is answered again, first of all: each interval needs the one before it.
 *
 * In a run, it takes the lease and writes down what is to be done: the plan, which all other steps follow.
 */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { intervalEnd, intervalName, intervalOf, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { type PartitionRange, type Seal } from '../formats/interval-metadata';
import { areHeartbeats, serializeHeartbeats, withHeartbeats } from '../formats/heartbeats';
import { heartbeatsKey } from '../formats/keys';
import { parseRunEvent, type RunEvent } from '../formats/run-event';
import { released, withIntervals, type Plan } from '../formats/plan';
import { NotYetError, startBudget, type Budget, type StepResponse } from '../runtime/budget';
import { mapConcurrently } from '../runtime/concurrent';
import { ENV, requireEnv, requirePositiveInteger } from '../runtime/env';
import { planStore, unlessSuperseded, type PlanObjects } from '../aws/plan';
import { kafkaFromEnvironment } from '../aws/kafka/connect';
import { type KafkaPort } from '../aws/kafka/port';
import { invoked, log } from '../runtime/log';
import { report, type ReportOf } from '../runtime/metrics';
import { describeRanges } from '../domain/ranges';
import { lakeFromEnvironment, type ObjectStore } from '../aws/s3';
import { beforeFirst, dueIntervals, nextSeal, ofAnotherLog, offsetsOf, type DueInterval, type Offsets } from './core';
import { missingInArchive, readHeartbeats, sealStore } from './ports';

export interface SealEvent {
  /** The newest interval to seal, by name. */
  readonly interval: string;
  /** Backfill: answer every sealed interval from this one to `interval`, sealed now or earlier. */
  readonly from?: string;
}

/** See {@link RunEvent}. */
export interface SealRunEvent extends Partial<SealEvent> {
  /** @default - the newest interval that is over by the function's clock */
  readonly interval?: string;
  readonly run: string;
  readonly notYet?: 'fail';
}

/** Of a call of a run. */
export interface SealResponse extends StepResponse {
  /** Intervals that the steps of the run have to process. Without any, the lease is released. */
  readonly due?: number;
}

/** Of a call without a run. */
export interface SealResult {
  /** Intervals to process, oldest first. */
  readonly intervals: readonly Omit<Seal, 'topic' | 'intervalMinutes'>[];
  /** Set if more intervals are due than one run takes; the next run goes on. */
  readonly more?: true;
}

export interface SealLimits {
  /** Intervals a run. */
  readonly intervals: number;
  /** How long to wait for the end of the interval, by our clock or a broker's, ms. */
  readonly endMs: number;
  /** How long to wait for the archive, ms. */
  readonly archiveMs: number;
}

/** How long the archive may take follows from its window: the construct says it. */
export const LIMITS: Omit<SealLimits, 'archiveMs'> = { intervals: 48, endMs: 30_000 };

export interface Deps {
  readonly topic: string;
  readonly intervalMinutes: number;
  readonly kafka: Pick<KafkaPort, 'endOffsets' | 'offsetsAt' | 'writeHeartbeat'>;
  readonly store: Pick<ObjectStore, 'get' | 'list'> & PlanObjects;
  readonly limits: SealLimits;
  report: ReportOf<'seal'>;
  now(): number;
  /** @param ms how long */
  sleep(ms: number): Promise<unknown>;
}

const POLL_FIRST_MS = 250;
const POLL_LONGEST_MS = 4_000;
/** Log append times are whole milliseconds: a heartbeat record is written only when the clock is surely past the end. */
const MARGIN_MS = 5;

const JSON_TYPE = { contentType: 'application/json' };

interface Heartbeat {
  readonly partition: number;
  readonly offset: number;
}

/** How long may be waited from now on, ms. */
interface Patience {
  readonly end: () => number;
  readonly archive: () => number;
}

/** What is sealed and not published, as far as one run takes it. */
interface Extended {
  readonly open: readonly Seal[];
  /** More intervals are due than one run takes. */
  readonly more: boolean;
  /** The budget ended before all of these were sealed. */
  readonly unfinished: boolean;
}

export interface SealHandler {
  (event: SealRunEvent): Promise<SealResponse>;
  (event: SealEvent): Promise<SealResult>;
}

export function makeHandler(deps: Deps): SealHandler {
  const { topic, intervalMinutes, kafka, limits } = deps;
  const plans = planStore(deps.store, intervalMinutes, deps.now);
  const seals = sealStore(deps.store, intervalMinutes);
  const length = intervalMinutes * 60_000;

  const endOf = async (interval: IntervalStart): Promise<Offsets> => {
    const found = await kafka.offsetsAt(topic, intervalEnd(interval, intervalMinutes));
    return new Map(found.map(({ partition, offset }) => [partition, offset]));
  };

  function notOver(interval: IntervalStart, clock: string, behind: number): Error {
    return new NotYetError(
      `interval ${intervalName(interval)} is not over yet: ${clock} is ${behind} ms before its end`,
    );
  }

  /** Makes sure that every partition has a record that is not before the end of the interval. @param written gets what it writes */
  async function passEnd(interval: IntervalStart, patience: Patience, written: Heartbeat[]): Promise<void> {
    const end = intervalEnd(interval, intervalMinutes);
    const early = end + MARGIN_MS - deps.now();
    if (early > patience.end()) throw notOver(interval, 'the clock', early - MARGIN_MS);
    if (early > 0) await deps.sleep(early);
    const idle = (await kafka.offsetsAt(topic, end)).filter((each) => !each.found);
    const deadline = deps.now() + patience.end();
    await mapConcurrently(idle, idle.length, async ({ partition }) => {
      for (;;) {
        const { offset, logAppendTime } = await kafka.writeHeartbeat(topic, partition);
        written.push({ partition, offset });
        if (logAppendTime >= end) return;
        // The broker's clock lags. That heartbeat record belongs to this interval or an earlier one, and does no harm there.
        const behind = end - logAppendTime;
        if (deps.now() + behind > deadline) {
          throw notOver(interval, `the clock of the broker that leads partition ${partition}`, behind);
        }
        await deps.sleep(behind + MARGIN_MS);
      }
    });
  }

  /** @throws Error naming the first partition whose offsets the archive lacks, and which */
  async function awaitArchive(seal: Seal, patience: Patience): Promise<void> {
    const deadline = deps.now() + patience.archive();
    let open: readonly PartitionRange[] = seal.partitions;
    for (let pause = POLL_FIRST_MS; ; pause = Math.min(pause * 2, POLL_LONGEST_MS)) {
      const looked = await Promise.all(
        open.map(async (range) => ({ range, gaps: await missingInArchive(deps.store, topic, range) })),
      );
      const incomplete = looked.filter(({ gaps }) => gaps.length > 0);
      if (incomplete.length === 0) return;
      if (deps.now() + pause > deadline) {
        const which = incomplete.map(
          ({ range, gaps }) => `partition ${range.partition} lacks offsets ${describeRanges(gaps)}`,
        );
        throw new NotYetError(
          `interval ${seal.interval} is not complete in the archive of '${topic}': ${which.join('; ')}`,
        );
      }
      open = incomplete.map(({ range }) => range);
      await deps.sleep(pause);
    }
  }

  /** @throws Error if the offsets of the seal are not those of the topic's log */
  async function requireSameLog(seal: Seal, highs: Offsets): Promise<void> {
    const interval = parseIntervalName(seal.interval, intervalMinutes);
    const other = ofAnotherLog(seal, highs) ?? ofAnotherLog(seal, await endOf(interval));
    if (!other) return;
    throw new Error(
      `topic '${topic}' must be the one of interval ${seal.interval}, which ends at offset ${other.to} of partition ${other.partition}, but ` +
        `it was made anew: its records before that offset are newer or missing; docs/how-to/change-a-live-deployment.md says what to do`,
    );
  }

  /** Seals what is due up to the interval. */
  async function extend(upTo: IntervalStart, patience: Patience, budget?: Budget): Promise<Extended> {
    const began = deps.now();
    const newest = await seals.newest(upTo);
    const after = newest && parseIntervalName(newest.interval, intervalMinutes);
    const left = newest ? await seals.unpublished(newest) : [];
    if (left.length > 0) {
      log.warn('an earlier run did not get through', { intervals: left.length, first: left[0].interval });
    }
    // The chain is past the interval, and it is no link of it: it was empty.
    if (after !== undefined && after >= upTo) return taken(left);
    if (left.length >= limits.intervals) return taken(left, true);

    const from = offsetsOf(newest);
    const ends = await kafka.endOffsets(topic);
    if (newest) await requireSameLog(newest, new Map(ends.map(({ partition, high }) => [partition, high])));
    for (const { partition, low } of ends) {
      const start = from.get(partition) ?? 0;
      if (low > start) log.warn('retention was faster than sealing', { partition, offset: start, low });
    }
    const open = ends.map(({ partition, low, high }) => ({
      partition,
      from: Math.min(high, Math.max(low, from.get(partition) ?? 0)),
      to: high,
    }));
    const lag = open.reduce((sum, range) => sum + range.to - range.from, 0);
    // Nothing is left, or the heartbeat records after the last interval. Another one would make an interval for the next run, and so on.
    let known = await readHeartbeats(deps.store);
    if (areHeartbeats(open, known)) {
      deps.report('seal', { received: 0, written: 0, lag, duration: deps.now() - began });
      return taken(left);
    }
    const heartbeats: Heartbeat[] = [];
    try {
      await passEnd(upTo, patience, heartbeats);
    } finally {
      known = withHeartbeats(known, heartbeats, from);
      if (heartbeats.length > 0) await deps.store.put(heartbeatsKey, serializeHeartbeats(known), JSON_TYPE);
    }
    const lows = new Map(ends.map(({ partition, low }) => [partition, low]));
    const { due, more } = await dueIntervals({
      after: after ?? (await beforeFirst(upTo, length, lows, endOf)),
      upTo,
      length,
      from: newest ? from : lows,
      endOf,
      areHeartbeats: (ranges) => areHeartbeats(ranges, known),
      limit: limits.intervals - left.length,
    });

    const sealed: Seal[] = [];
    let previous = newest;
    const sealOne = async (interval: DueInterval) => {
      const seal = nextSeal({ topic, intervalMinutes }, previous, interval);
      await awaitArchive(seal, patience);
      // Another run may have been faster; what is stored counts, and the chain goes on from there.
      previous = await seals.putOnce(seal);
      sealed.push(previous);
    };
    for (const interval of due) {
      if (budget?.allows() === false) break;
      await (budget ? budget.unit(() => sealOne(interval)) : sealOne(interval));
    }
    deps.report('seal', {
      received: due.length,
      written: sealed.length,
      heartbeats: heartbeats.length,
      lag,
      duration: deps.now() - began,
    });
    return taken([...left, ...sealed], more, sealed.length < due.length);
  }

  /** What one run can take of them, the oldest. */
  function taken(open: readonly Seal[], more = false, unfinished = false): Extended {
    return { open: open.slice(0, limits.intervals), more: more || open.length > limits.intervals, unfinished };
  }

  function answer({ open, more }: Pick<Extended, 'open' | 'more'>): SealResult {
    return { intervals: open.map(brief), ...(more && { more: true as const }) };
  }

  interface Range {
    /** Set for a range that an operator asked for. */
    readonly first: IntervalStart | undefined;
    readonly upTo: IntervalStart;
    /** Whether `upTo` was asked for, and is processed again if it is published. */
    readonly asked: boolean;
  }

  /** @throws Error naming the field, its value and what is allowed */
  function rangeOf(event: Partial<SealEvent>, newestOver: IntervalStart | undefined): Range {
    const asked = event.interval !== undefined || newestOver === undefined;
    const upTo = asked ? parseIntervalName(String(event.interval), intervalMinutes) : newestOver;
    if (event.from === undefined) return { first: undefined, upTo, asked };
    const first = parseIntervalName(String(event.from), intervalMinutes);
    if (first > upTo) throw new Error(`from must not be after interval ${event.interval}, got '${event.from}'`);
    return { first, upTo, asked };
  }

  /** Seals what is due and finds what there is to process. */
  async function find({ first, upTo, asked }: Range, patience: Patience, budget?: Budget): Promise<Extended> {
    const stored = await seals.get(upTo);
    if (first === undefined) {
      if (!stored) return extend(upTo, patience, budget);
      const left = await seals.unpublished(stored);
      return taken(left.length > 0 || !asked ? left : [stored]);
    }
    const extended = stored ? undefined : await extend(upTo, patience, budget);
    const intervals = await seals.between(first, upTo);
    if (intervals.length > limits.intervals) {
      throw new Error(
        `range must hold at most ${limits.intervals} intervals with records, got ${intervals.length} from ${intervalName(first)} ` +
          `to ${intervalName(upTo)}: split it, oldest part first`,
      );
    }
    return { open: intervals, more: extended?.more ?? false, unfinished: extended?.unfinished ?? false };
  }

  /** Whether the run computes again what is done: it was asked for a range, or for an interval that is published. */
  async function isForced({ first, upTo, asked }: Range): Promise<boolean> {
    if (first !== undefined) return true;
    if (!asked) return false;
    const stored = await seals.get(upTo);
    return stored !== undefined && (await seals.unpublished(stored)).length === 0;
  }

  const dueOf = ({ intervals, published, unreconciled }: Plan) => intervals.length - published + unreconciled.length;
  const namesOf = (open: readonly Seal[]) => open.map(({ interval }) => interval);

  /** Takes the lease and plans the run. */
  async function plan({ run, failNotYet }: RunEvent, event: Partial<SealEvent>): Promise<SealResponse> {
    const budget = startBudget(deps.now);
    const range = rangeOf(event, intervalOf(deps.now(), intervalMinutes) - length);
    const within = (limit: number) => () => Math.min(limit, budget.left());
    const patience = { end: within(limits.endMs), archive: within(limits.archiveMs) };
    await plans.acquire(run, { force: await isForced(range) });
    try {
      const { open, unfinished } = await find(range, patience, budget);
      const planned = await plans.update(run, (current) => withIntervals(current, namesOf(open)));
      const due = dueOf(planned);
      if (unfinished) return { state: 'more', due };
      if (due === 0) await plans.update(run, released);
      return { state: 'done', due };
    } catch (error) {
      const fail = async () => {
        // The next attempt takes the lease again, and until then nobody waits for this run.
        await plans.update(run, released);
        throw error;
      };
      if (!(error instanceof NotYetError)) return fail();
      // What is sealed by now can be processed, whether or not the rest comes: the archive may have an outage.
      const newest = range.first === undefined ? await seals.newest(range.upTo) : undefined;
      const { open } = taken(newest ? await seals.unpublished(newest) : []);
      const planned = await plans.update(run, (current) => withIntervals(current, namesOf(open)));
      const due = dueOf(planned);
      if (failNotYet && due === 0) return fail();
      return { state: 'notYet', reason: error.message, due };
    }
  }

  return (async (event: Partial<SealEvent>): Promise<SealResult | SealResponse> => {
    const run = parseRunEvent(event);
    if (run) return unlessSuperseded<SealResponse>(() => plan(run, event));
    const patience = { end: () => limits.endMs, archive: () => limits.archiveMs };
    return answer(await find(rangeOf(event, undefined), patience));
  }) as SealHandler;
}

function brief({ interval, previous, partitions }: Seal): SealResult['intervals'][number] {
  return { interval, previous, partitions };
}

export const handler = invoked(() =>
  makeHandler({
    topic: requireEnv(ENV.topic),
    intervalMinutes: requirePositiveInteger(ENV.intervalMinutes),
    kafka: kafkaFromEnvironment(),
    store: lakeFromEnvironment(),
    limits: { ...LIMITS, archiveMs: requirePositiveInteger(ENV.archiveWaitSeconds) * 1_000 },
    report,
    now: Date.now,
    sleep: sleepFor,
  }),
);
