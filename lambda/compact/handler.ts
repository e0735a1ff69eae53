/**
 * From the raw log to one Parquet file a bucket and partition, in which each post counts once. Two steps, so that the
 * partitions of a bucket can run beside each other: `compact` does one partition of some buckets, in order; `commit`
 * writes the manifests once all partitions are done. Outputs are a function of the log, so a rerun writes the same bytes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bucketName, parseBucketName, type BucketStart } from '../domain/intervals';
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
  readonly bucketMinutes: number;
  readonly identityHorizonHours: number;
  readonly store: LakeStore;
  readonly resources: Resources;
  /** Folder under which each run makes and removes one of its own. */
  readonly temporary: string;
  report: ReportOf<'compact'>;
  now(): number;
}

export interface CompactResult {
  /** Absent for `commit`. */
  readonly partition?: number;
  readonly buckets: readonly { readonly bucket: string; readonly rows: number }[];
}

const CONCURRENT_READS = 16;

export function makeHandler(deps: Deps): (event: unknown) => Promise<CompactResult> {
  const { store, bucketMinutes } = deps;

  async function sealOf(bucket: BucketStart): Promise<Seal> {
    const seal = await getSeal(store, bucket);
    if (!seal) throw new Error(`bucket ${bucketName(bucket)} is not sealed`);
    return seal;
  }

  /** The bucket before, which this one builds on: its manifest says that all its files are there. */
  async function previousOf(seal: Seal, done: ReadonlyMap<string, Seal>): Promise<Seal | undefined> {
    if (seal.previous === null) return undefined;
    const here = done.get(seal.previous);
    if (here) return here;
    const previous = parseBucketName(seal.previous, bucketMinutes);
    if (!(await getManifest(store, previous))) {
      throw new Error(`bucket ${seal.bucket} needs the one before it, ${seal.previous}, which has no manifest yet`);
    }
    return sealOf(previous);
  }

  async function compact(partition: number, buckets: readonly BucketStart[]): Promise<CompactResult> {
    const started = deps.now();
    const directory = await mkdtemp(join(deps.temporary, 'compact-'));
    const done = new Map<string, Seal>();
    const rows: { bucket: string; rows: number }[] = [];
    const total = { received: 0, written: 0, repeated: 0, quarantined: 0, ticks: 0, bytes: 0 };
    try {
      const { identityHorizonHours, resources } = deps;
      const run = partitionRun({ store, partition, bucketMinutes, identityHorizonHours, resources, directory });
      for (const bucket of buckets) {
        const seal = await sealOf(bucket);
        const summary = await run(seal, await previousOf(seal, done));
        done.set(seal.bucket, seal);
        rows.push({ bucket: seal.bucket, rows: summary.rows });
        total.received += summary.to - summary.from;
        total.written += summary.kept;
        total.repeated += summary.repeated;
        total.quarantined += summary.quarantined;
        total.ticks += summary.ticks;
        total.bytes += summary.bytes;
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    deps.report('compact', { ...total, duration: deps.now() - started });
    return { partition, buckets: rows };
  }

  async function summaryOf(bucket: BucketStart, partition: number): Promise<PartitionSummary | undefined> {
    try {
      return JSON.parse((await store.get(summaryKey(bucket, partition))).toString('utf8')) as PartitionSummary;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  async function commit(buckets: readonly BucketStart[]): Promise<CompactResult> {
    const done = new Map<string, Seal>();
    const rows: { bucket: string; rows: number }[] = [];
    for (const bucket of buckets) {
      const seal = await sealOf(bucket);
      await previousOf(seal, done);
      const summaries = await mapConcurrently(seal.partitions, CONCURRENT_READS, ({ partition }) =>
        summaryOf(bucket, partition),
      );
      const manifest = manifestOf(seal, summaries);
      await store.put(manifestKey(bucket), serialize(manifest), { contentType: 'application/json' });
      done.set(seal.bucket, seal);
      rows.push({ bucket: seal.bucket, rows: manifest.rows });
    }
    return { buckets: rows };
  }

  return async (event) => {
    const parsed = parseEvent(event, bucketMinutes);
    return parsed.step === 'compact' ? compact(parsed.partition, parsed.buckets) : commit(parsed.buckets);
  };
}

/** Lambda tells a function its size; elsewhere (the local run, tests) there is none to keep to. */
function functionMb(): number {
  return Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 1_769);
}

let real: ReturnType<typeof makeHandler> | undefined;

export const handler = (event: unknown): Promise<CompactResult> => {
  real ??= makeHandler({
    bucketMinutes: requirePositiveInteger(ENV.bucketMinutes),
    identityHorizonHours: requirePositiveInteger(ENV.identityHorizonHours),
    store: lakeFromEnvironment(),
    resources: resourcesOf(functionMb()),
    temporary: tmpdir(),
    report,
    now: Date.now,
  });
  return real(event);
};
