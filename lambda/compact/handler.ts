/**
 * Turns the raw log into one Parquet file per interval and partition, in which each post counts once. Two steps let the
 * partitions of an interval run in parallel: `compact` processes one partition of some intervals, in order; `commit`
 * writes the manifests once all partitions are done. Outputs are a function of the log, so a rerun writes the same
 * bytes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { serialize, type PartitionSummary, type Seal } from '../formats/interval-metadata';
import { mapConcurrently } from '../runtime/concurrent';
import { ENV, requirePositiveInteger } from '../runtime/env';
import { manifestKey, summaryKey } from '../formats/keys';
import { getManifest, getSeal } from '../aws/lake';
import { report, type ReportOf } from '../runtime/metrics';
import { lakeFromEnvironment, NotFoundError } from '../aws/s3';
import { manifestOf, parseEvent, resourcesOf, type Resources } from './core';
import { partitionRun, type LakeStore } from './partition';

export interface Deps {
  readonly intervalMinutes: number;
  readonly identityHorizonHours: number;
  readonly store: LakeStore;
  readonly resources: Resources;
  /** Folder in which each run creates its own folder and removes it. */
  readonly temporary: string;
  report: ReportOf<'compact'>;
  now(): number;
}

export interface CompactResult {
  /** Absent for `commit`. */
  readonly partition?: number;
  readonly intervals: readonly { readonly interval: string; readonly rows: number }[];
}

const CONCURRENT_READS = 16;

export function makeHandler(deps: Deps): (event: unknown) => Promise<CompactResult> {
  const { store, intervalMinutes } = deps;

  async function sealOf(interval: IntervalStart): Promise<Seal> {
    const seal = await getSeal(store, interval);
    if (!seal) throw new Error(`interval ${intervalName(interval)} is not sealed`);
    return seal;
  }

  /** The previous interval, which this one builds on. Its manifest proves that all its files exist. */
  async function previousOf(seal: Seal, done: ReadonlyMap<string, Seal>): Promise<Seal | undefined> {
    if (seal.previous === null) return undefined;
    const here = done.get(seal.previous);
    if (here) return here;
    const previous = parseIntervalName(seal.previous, intervalMinutes);
    if (!(await getManifest(store, previous))) {
      throw new Error(`interval ${seal.interval} needs the one before it, ${seal.previous}, which has no manifest yet`);
    }
    return sealOf(previous);
  }

  async function compact(partition: number, intervals: readonly IntervalStart[]): Promise<CompactResult> {
    const started = deps.now();
    const directory = await mkdtemp(join(deps.temporary, 'compact-'));
    const done = new Map<string, Seal>();
    const rows: { interval: string; rows: number }[] = [];
    const total = { received: 0, written: 0, repeated: 0, quarantined: 0, controlRecords: 0, bytes: 0 };
    try {
      const { identityHorizonHours, resources } = deps;
      const run = partitionRun({ store, partition, intervalMinutes, identityHorizonHours, resources, directory });
      for (const interval of intervals) {
        const seal = await sealOf(interval);
        const summary = await run(seal, await previousOf(seal, done));
        done.set(seal.interval, seal);
        rows.push({ interval: seal.interval, rows: summary.rows });
        total.received += summary.to - summary.from;
        total.written += summary.accepted;
        total.repeated += summary.repeated;
        total.quarantined += summary.quarantined;
        total.controlRecords += summary.controlRecords;
        total.bytes += summary.bytes;
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    deps.report('compact', { ...total, duration: deps.now() - started });
    return { partition, intervals: rows };
  }

  async function summaryOf(interval: IntervalStart, partition: number): Promise<PartitionSummary | undefined> {
    try {
      return JSON.parse((await store.get(summaryKey(interval, partition))).toString('utf8')) as PartitionSummary;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  async function commit(intervals: readonly IntervalStart[]): Promise<CompactResult> {
    const done = new Map<string, Seal>();
    const rows: { interval: string; rows: number }[] = [];
    for (const interval of intervals) {
      const seal = await sealOf(interval);
      await previousOf(seal, done);
      const summaries = await mapConcurrently(seal.partitions, CONCURRENT_READS, ({ partition }) =>
        summaryOf(interval, partition),
      );
      const manifest = manifestOf(seal, summaries);
      await store.put(manifestKey(interval), serialize(manifest), { contentType: 'application/json' });
      done.set(seal.interval, seal);
      rows.push({ interval: seal.interval, rows: manifest.rows });
    }
    return { intervals: rows };
  }

  return async (event) => {
    const parsed = parseEvent(event, intervalMinutes);
    return parsed.step === 'compact' ? compact(parsed.partition, parsed.intervals) : commit(parsed.intervals);
  };
}

/** Lambda sets the function's memory size; elsewhere (local runs, tests) no limit applies. */
function functionMb(): number {
  return Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 1_769);
}

let real: ReturnType<typeof makeHandler> | undefined;

export const handler = (event: unknown): Promise<CompactResult> => {
  real ??= makeHandler({
    intervalMinutes: requirePositiveInteger(ENV.intervalMinutes),
    identityHorizonHours: requirePositiveInteger(ENV.identityHorizonHours),
    store: lakeFromEnvironment(),
    resources: resourcesOf(functionMb()),
    temporary: tmpdir(),
    report,
    now: Date.now,
  });
  return real(event);
};
