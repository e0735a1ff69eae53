/**
 * Fixes the offset ranges of the intervals that are over: every non-empty one since the last seal, oldest first. An
 * interval is sealed only when every partition has a record with a later timestamp and the archive contains every
 * offset of the interval. Seals are written once; for a sealed interval the handler returns the stored seal. Seals of
 * an earlier run that were not published are returned again, first of all: each interval needs the previous one.
 */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { intervalEnd, intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { type PartitionRange, type Seal } from '../formats/interval-metadata';
import { ENV, requireEnv, requirePositiveInteger } from '../runtime/env';
import { kafkaFromEnvironment } from '../aws/kafka/connect';
import { type KafkaPort } from '../aws/kafka/port';
import { log } from '../runtime/log';
import { report, type ReportOf } from '../runtime/metrics';
import { describeRanges } from '../domain/ranges';
import { lakeFromEnvironment, type ObjectStore } from '../aws/s3';
import { beforeFirst, dueIntervals, nextSeal, offsetsOf, type Offsets } from './core';
import { missingInArchive, sealStore } from './ports';
import { MINUTE } from '../domain/time';

export interface SealEvent {
  /** The newest interval to seal, by name. */
  readonly interval: string;
  /** Backfill: return every sealed interval from this one to `interval`, sealed now or earlier. */
  readonly from?: string;
}

export interface SealResult {
  /** Intervals to process, oldest first. */
  readonly intervals: readonly Omit<Seal, 'topic'>[];
  /** Set if more intervals are due than one run processes; the next run continues. */
  readonly more?: true;
}

export interface SealLimits {
  /** Intervals per run. */
  readonly intervals: number;
  /** How long to wait for the end of the interval, by our clock or a broker's, ms. */
  readonly endMs: number;
  /** How long to wait for the archive, ms. */
  readonly archiveMs: number;
}

/** The archive's limit depends on its batching window, so the construct sets it. */
export const LIMITS: Omit<SealLimits, 'archiveMs'> = { intervals: 48, endMs: 30_000 };

export interface Deps {
  readonly topic: string;
  readonly intervalMinutes: number;
  readonly kafka: Pick<KafkaPort, 'endOffsets' | 'offsetsAt' | 'writeHeartbeat'>;
  readonly store: Pick<ObjectStore, 'get' | 'putIfAbsent' | 'list'>;
  readonly limits: SealLimits;
  report: ReportOf<'seal'>;
  now(): number;
  /** @param ms how long */
  sleep(ms: number): Promise<unknown>;
}

const POLL_FIRST_MS = 250;
const POLL_LONGEST_MS = 4_000;
/**
 * Log append times are whole milliseconds: a heartbeat record is written only when the clock is surely past the end.
 */
const MARGIN_MS = 5;

export function makeHandler(deps: Deps): (event: SealEvent) => Promise<SealResult> {
  const { topic, intervalMinutes, kafka, limits } = deps;
  const seals = sealStore(deps.store, intervalMinutes);
  const length = intervalMinutes * MINUTE;

  const endOf = async (interval: IntervalStart): Promise<Offsets> => {
    const found = await kafka.offsetsAt(topic, intervalEnd(interval, intervalMinutes));
    return new Map(found.map(({ partition, offset }) => [partition, offset]));
  };

  function notOver(interval: IntervalStart, clock: string, behind: number): Error {
    return new Error(`interval ${intervalName(interval)} is not over yet: ${clock} is ${behind} ms before its end`);
  }

  /**
   * Ensures that every partition has a record that is not before the interval's end; returns the heartbeat records
   * written.
   */
  async function passEnd(interval: IntervalStart): Promise<number> {
    const end = intervalEnd(interval, intervalMinutes);
    const early = end + MARGIN_MS - deps.now();
    if (early > limits.endMs) throw notOver(interval, 'the clock', early - MARGIN_MS);
    if (early > 0) await deps.sleep(early);
    const idle = (await kafka.offsetsAt(topic, end)).filter((each) => !each.found);
    const deadline = deps.now() + limits.endMs;
    const written = await Promise.all(
      idle.map(async ({ partition }) => {
        for (let count = 1; ; count++) {
          const { logAppendTime } = await kafka.writeHeartbeat(topic, partition);
          if (logAppendTime >= end) return count;
          // The broker's clock is behind. That heartbeat record belongs to this interval or an earlier one, where it
          // does no harm.
          const behind = end - logAppendTime;
          if (deps.now() + behind > deadline) {
            throw notOver(interval, `the clock of the broker that leads partition ${partition}`, behind);
          }
          await deps.sleep(behind + MARGIN_MS);
        }
      }),
    );
    return written.reduce((sum, count) => sum + count, 0);
  }

  /** @throws Error naming each partition and the offsets that the archive lacks */
  async function awaitArchive(seal: Seal): Promise<void> {
    const deadline = deps.now() + limits.archiveMs;
    let open: readonly PartitionRange[] = seal.partitions;
    for (let pause = POLL_FIRST_MS; ; pause = Math.min(pause * 2, POLL_LONGEST_MS)) {
      const checked = await Promise.all(
        open.map(async (range) => ({ range, gaps: await missingInArchive(deps.store, topic, range) })),
      );
      const incomplete = checked.filter(({ gaps }) => gaps.length > 0);
      if (incomplete.length === 0) return;
      if (deps.now() + pause > deadline) {
        const which = incomplete.map(
          ({ range, gaps }) => `partition ${range.partition} lacks offsets ${describeRanges(gaps)}`,
        );
        throw new Error(`interval ${seal.interval} is not complete in the archive of '${topic}': ${which.join('; ')}`);
      }
      open = incomplete.map(({ range }) => range);
      await deps.sleep(pause);
    }
  }

  /** Seals everything due up to the interval. */
  async function extend(upTo: IntervalStart): Promise<SealResult> {
    const began = deps.now();
    const newest = await seals.newest(upTo);
    const after = newest && parseIntervalName(newest.interval, intervalMinutes);
    const left = newest ? await seals.unpublished(newest) : [];
    if (left.length > 0) {
      log.warn('an earlier run did not publish its intervals', { intervals: left.length, first: left[0].interval });
    }
    // The chain has passed the interval without a seal for it: the interval was empty.
    if (after !== undefined && after >= upTo) return resultOf(left);
    if (left.length >= limits.intervals) return resultOf(left, true);

    const from = offsetsOf(newest);
    const ends = await kafka.endOffsets(topic);
    // No record since the last seal: nothing to seal, and a heartbeat record would only cause work for the next run.
    if (ends.every(({ partition, high }) => high <= (from.get(partition) ?? 0))) {
      deps.report('seal', { received: 0, written: 0, lag: 0, duration: deps.now() - began });
      return resultOf(left);
    }
    const lag = ends.reduce((sum, { partition, low, high }) => sum + high - Math.max(low, from.get(partition) ?? 0), 0);
    for (const { partition, low } of ends) {
      const start = from.get(partition) ?? 0;
      if (low > start) log.warn('retention removed records before they were sealed', { partition, offset: start, low });
    }
    const heartbeats = await passEnd(upTo);
    const lows = new Map(ends.map(({ partition, low }) => [partition, low]));
    const { due, more } = await dueIntervals({
      after: after ?? (await beforeFirst(upTo, length, lows, endOf)),
      upTo,
      length,
      from: newest ? from : lows,
      endOf,
      limit: limits.intervals - left.length,
    });

    const sealed: Seal[] = [];
    let previous = newest;
    for (const interval of due) {
      const seal = nextSeal(topic, previous, interval);
      await awaitArchive(seal);
      // Another run may have been faster; the stored seal is authoritative, and the chain continues from it.
      previous = await seals.putOnce(seal);
      sealed.push(previous);
    }
    deps.report('seal', {
      received: due.length,
      written: sealed.length,
      heartbeats,
      lag,
      duration: deps.now() - began,
    });
    return resultOf([...left, ...sealed], more);
  }

  /** The oldest intervals, as many as one run processes. */
  function resultOf(open: readonly Seal[], more = false): SealResult {
    const processed = open.slice(0, limits.intervals);
    return {
      intervals: processed.map(brief),
      ...(more || processed.length < open.length ? { more: true as const } : {}),
    };
  }

  return async (event) => {
    const upTo = parseIntervalName(String(event.interval), intervalMinutes);
    if (event.from !== undefined) {
      const first = parseIntervalName(String(event.from), intervalMinutes);
      if (first > upTo) throw new Error(`from must not be after interval ${event.interval}, got '${event.from}'`);
      const extended = (await seals.get(upTo)) ? undefined : await extend(upTo);
      const intervals = await seals.between(first, upTo);
      if (intervals.length > limits.intervals) {
        throw new Error(
          `range must hold at most ${limits.intervals} intervals with records, got ${intervals.length} from ${event.from} ` +
            `to ${event.interval}: split it, oldest part first`,
        );
      }
      return { intervals: intervals.map(brief), ...(extended?.more ? { more: true as const } : {}) };
    }
    const stored = await seals.get(upTo);
    if (!stored) return extend(upTo);
    const left = await seals.unpublished(stored);
    return resultOf(left.length > 0 ? left : [stored]);
  };
}

function brief({ interval, previous, partitions }: Seal): Omit<Seal, 'topic'> {
  return { interval, previous, partitions };
}

let real: ReturnType<typeof makeHandler> | undefined;

export const handler = (event: SealEvent): Promise<SealResult> => {
  real ??= makeHandler({
    topic: requireEnv(ENV.topic),
    intervalMinutes: requirePositiveInteger(ENV.intervalMinutes),
    kafka: kafkaFromEnvironment(),
    store: lakeFromEnvironment(),
    limits: { ...LIMITS, archiveMs: requirePositiveInteger(ENV.archiveWaitSeconds) * 1_000 },
    report,
    now: Date.now,
    sleep: sleepFor,
  });
  return real(event);
};
