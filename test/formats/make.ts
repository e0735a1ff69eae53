/**
 * Makes the samples of the stored formats once, by the real handlers: `npx tsx test/formats/make.ts v2`. What exists is not replaced:
 * a sample is what a released version has stored, and later versions must read it.
 *
 * `lake/` holds the objects by their keys, `tables.json` the rows of the store.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeHandler as makeArchive } from '../../lambda/archive/handler';
import { compactionWith } from '../../lambda/compact/engine';
import { makeHandler as makeCompact } from '../../lambda/compact/handler';
import { decodeRecord } from '../../lambda/domain/decode';
import { intervalOf, parseIntervalName } from '../../lambda/domain/intervals';
import { RecentPosts } from '../../lambda/domain/recent-posts';
import { viewsAsJson } from '../../lambda/domain/views';
import { manifestKey, viewKey, viewsDoneKey } from '../../lambda/formats/keys';
import { speedSchema } from '../../lambda/formats/speed-head';
import { encodeFirstKeys } from '../../lambda/formats/view-run';
import { makeHandler as makePublish } from '../../lambda/publish/handler';
import { makeHandler as makeReconcile } from '../../lambda/reconcile/handler';
import { makeHandler as makeSeal } from '../../lambda/seal/handler';
import { sha256 } from '../../lambda/runtime/digest';
import { memoryBatchStore } from '../support/memory-batch-store';
import { MemoryLake } from '../support/memory-lake';
import { lambdaEvent } from '../support/posts-log';
import { aggregateOver, FOLD_AT_ONCE } from '../support/speed-layer';
import { viewObject } from '../../tools/simulate/models/views-engine';
import { HOUR, INTERVAL_MINUTES, LOG, START, TOPIC, VIEWS } from './log';
import { add, contributionOf, sortedRows, type Counts } from '../../tools/kit/counts';

const quiet = { report: () => undefined, reportView: () => undefined, log: { warn: () => undefined } };
const shared = { topic: TOPIC, intervalMinutes: INTERVAL_MINUTES, views: VIEWS, ...quiet };

async function make(directory: string): Promise<void> {
  const lake = new MemoryLake();
  const batch = memoryBatchStore();
  let now = START + 2 * HOUR;
  const clock = { now: () => now, sleep: (ms: number) => Promise.resolve((now += ms)) };
  const temporary = mkdtempSync(join(tmpdir(), 'samples-'));

  for (const records of [LOG.slice(0, 5), LOG.slice(5)]) {
    await makeArchive({ ...shared, ...clock, store: lake })(lambdaEvent(TOPIC, records));
  }
  const { logs, heads, chunks, posts } = batch.speed;
  // The first batch is folded: an interval that is over, and a run of the next. The second one waits, without the heartbeat record.
  await aggregateOver(batch.speed, { ...shared, limits: FOLD_AT_ONCE })(lambdaEvent(TOPIC, LOG.slice(0, 5)));
  await aggregateOver(batch.speed, shared)(lambdaEvent(TOPIC, LOG.slice(5, 7)));
  const offsetAt = (at: number) => LOG.findIndex(({ timestamp }) => timestamp >= at);
  const seal = makeSeal({
    ...shared,
    ...clock,
    kafka: {
      endOffsets: () => Promise.resolve([{ partition: 0, low: 0, high: LOG.length }]),
      offsetsAt: (_, at) => Promise.resolve([{ partition: 0, offset: offsetAt(at), found: offsetAt(at) >= 0 }]),
      writeHeartbeat: () => Promise.reject(new Error('the log has a record after the last interval')),
    },
    store: lake,
    limits: { intervals: 48, endMs: 30_000, archiveMs: 1_000 },
  });
  const compact = makeCompact({
    ...shared,
    ...clock,
    identityHorizonHours: 24,
    store: lake,
    compaction: compactionWith({ memoryMb: 256, threads: 1 }),
    temporary,
  });
  const run = 'sample';
  const { due } = await seal({ run });
  await compact({ run, step: 'compact', partition: 0, of: 1 });
  await compact({ run, step: 'commit' });
  for (const name of ['2026-11-22T21-00', '2026-11-22T22-00']) await computeViews(lake, name);
  await makePublish({ ...shared, ...clock, lake, store: batch })({ run });
  const reconcile = makeReconcile({ ...shared, ...clock, lake, store: batch, speedTtl: 48 * HOUR, patience: 0 });
  const { reconciled } = (await reconcile({ run })) as { reconciled?: number };
  rmSync(temporary, { recursive: true });
  if (due !== 2 || reconciled !== 2) throw new Error(`2 intervals must get through, got ${due} and ${reconciled}`);

  for (const key of lake.keys('')) write(join(directory, 'lake', key), await lake.get(key));
  const tables = {
    speed_log: [...logs],
    speed_head: [...heads],
    speed_runs: [...chunks],
    speed_posts: [...posts],
    batch_views: [...batch.runs].map(([name, row]) => ({ name, ...row })),
    boundary: batch.boundary,
    first_keys: encodeFirstKeys([['art'], ['travel']]),
  };
  write(join(directory, 'tables.json'), JSON.stringify(tables, base64, 1));
}

/** As the views engine does. */
async function computeViews(lake: MemoryLake, name: string): Promise<void> {
  const interval = parseIntervalName(name, INTERVAL_MINUTES);
  const recent = new RecentPosts(100, 24, speedSchema(VIEWS, INTERVAL_MINUTES).waiting);
  const keys: Record<string, number> = {};
  const all = new Map(VIEWS.map((view) => [view, new Map() as Counts]));
  for (const record of LOG) {
    const decoded = decodeRecord(record);
    if (decoded.kind !== 'post' || record.timestamp >= interval + HOUR) continue;
    const at = intervalOf(record.timestamp, INTERVAL_MINUTES);
    const post = recent.remember(at, decoded.index, decoded.sections);
    if (!post || record.timestamp < interval) continue;
    for (const [view, counts] of all) {
      const found = contributionOf(view, post.sections, post.known, post.news);
      if (found) add(view, counts, found.key, found.value);
    }
  }
  for (const [view, counts] of all) {
    keys[view.name] = counts.size;
    await lake.put(viewKey(interval, view.name), viewObject(view, interval, sortedRows(view, counts)));
  }
  const manifest = sha256(await lake.get(manifestKey(interval)));
  const done = { interval: name, rows: 0, views: keys, manifest, definition: sha256(viewsAsJson(VIEWS)) };
  await lake.put(viewsDoneKey(interval), `${JSON.stringify(done)}\n`);
}

/** Bytes are stored as text. */
function base64(_: string, value: unknown): unknown {
  const bytes = value as { readonly type?: string; readonly data?: readonly number[] } | null;
  return bytes?.type === 'Buffer' ? { base64: Buffer.from(bytes.data!).toString('base64') } : value;
}

function write(path: string, content: Buffer | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const [version = 'none'] = process.argv.slice(2);
const directory = join(__dirname, version);
if (!/^v\d+$/.test(version) || existsSync(directory)) {
  throw new Error(`version must be one that has no samples yet, like v2, got '${version}'`);
}
void make(directory);
