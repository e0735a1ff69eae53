/**
 * Stores the log permanently: each batch of the topic becomes one S3 object per partition, named by its offset range,
 * so a redelivered batch overwrites itself. An outage throws, and the event source repeats the batch, in order.
 */
import { promisify } from 'node:util';
import { zstdCompress, type ZstdOptions } from 'node:zlib';
import { RAW_COMPRESSION } from '../formats/raw-line';
import { mapConcurrently } from '../runtime/concurrent';
import { ENV, requireEnv } from '../runtime/env';
import { recordsByPartition, type LambdaKafkaEvent } from '../runtime/kafka-event';
import { invoked, log } from '../runtime/log';
import { report, type ReportOf } from '../runtime/metrics';
import { lakeFromEnvironment, type ObjectStore } from '../aws/s3';
import { archiveRecords } from './core';

export interface Deps {
  readonly topic: string;
  readonly store: Pick<ObjectStore, 'put'>;
  /** @default - of zstd, in another thread */
  readonly compress?: typeof compressInThread;
  report: ReportOf<'archive'>;
  now(): number;
}

export interface ArchiveResult {
  readonly objects: number;
  readonly received: number;
  readonly quarantined: number;
}

const compressInThread: (content: Buffer, options: ZstdOptions) => Promise<Buffer> = promisify(zstdCompress);

/** Concurrent writes. Without a limit, a batch of only bad records would open one connection per record. */
const CONCURRENT_PUTS = 16;

export function makeHandler(deps: Deps): (event: LambdaKafkaEvent) => Promise<ArchiveResult> {
  const { compress = compressInThread } = deps;
  return async (event) => {
    const started = deps.now();
    const { objects, quarantine, counts } = archiveRecords(deps.topic, recordsByPartition(event, deps.topic));
    // Quarantine first: once the log marks an offset as bad, its bytes can be found.
    await mapConcurrently(quarantine, CONCURRENT_PUTS, ({ key, body }) =>
      deps.store.put(key, body, { contentType: 'application/json' }),
    );
    let bytes = 0;
    let written = 0;
    await mapConcurrently(objects, CONCURRENT_PUTS, async ({ key, ndjson, posts }) => {
      const body = await compress(ndjson, RAW_COMPRESSION);
      await deps.store.put(key, body, { contentType: 'application/zstd' });
      bytes += body.length;
      written += posts;
    });
    if (quarantine.length > 0) {
      const [{ partition, offset, key }] = quarantine;
      log.warn('records quarantined', { topic: deps.topic, partition, offset, count: quarantine.length, first: key });
    }
    const now = deps.now();
    deps.report('archive', {
      received: counts.received,
      written,
      quarantined: counts.quarantined,
      repeated: counts.repeated,
      controlRecords: counts.controlRecords,
      batchBytes: counts.bytes,
      bytes,
      duration: now - started,
      ...(counts.received > 0 ? { freshness: now - counts.newest } : {}),
    });
    return { objects: objects.length, received: counts.received, quarantined: counts.quarantined };
  };
}

export const handler = invoked(() =>
  makeHandler({ topic: requireEnv(ENV.topic), store: lakeFromEnvironment(), report, now: Date.now }),
);
