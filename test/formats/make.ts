/**
 * Makes the samples of the stored formats once, by the real handlers: `npx tsx test/formats/make.ts v2`. What exists is not replaced:
 * a sample is what a released version has stored, and later versions must read it.
 *
 * `lake/` holds the objects by their keys, `tables.json` the rows of the store.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeHandler as makeAggregate } from '../../lambda/aggregate/handler';
import { makeHandler as makeArchive } from '../../lambda/archive/handler';
import { compactionWith } from '../../lambda/compact/engine';
import { makeHandler as makeCompact } from '../../lambda/compact/handler';
import { decodeRecord } from '../../lambda/domain/decode';
import { parseIntervalName } from '../../lambda/domain/intervals';
import { add, contributionOf, maskOfPresent, type Counts } from '../../lambda/domain/merge';
import { sortedRows } from '../../lambda/domain/sorted-run';
import { viewsAsJson } from '../../lambda/domain/views';
import { manifestKey, viewKey, viewsDoneKey } from '../../lambda/formats/keys';
import { incompletePostColumns, emptyState, remember } from '../../lambda/formats/speed-state';
import { encodeFirstKeys } from '../../lambda/formats/view-run';
import { makeHandler as makePublish } from '../../lambda/publish/handler';
import { makeHandler as makeReconcile } from '../../lambda/reconcile/handler';
import { makeHandler as makeSeal } from '../../lambda/seal/handler';
import { sha256 } from '../../lambda/runtime/digest';
import { memoryBatchStore } from '../support/memory-batch-store';
import { MemoryLake } from '../support/memory-lake';
import { memoryStore } from '../support/memory-store';
import { lambdaEvent } from '../support/posts-log';
import { viewObject } from '../../tools/simulate/models/views-engine';
import { HOUR, INTERVAL_MINUTES, LOG, START, TOPIC, VIEWS } from './log';

const quiet = { report: () => undefined, reportView: () => undefined, log: { warn: () => undefined } };
const shared = { topic: TOPIC, intervalMinutes: INTERVAL_MINUTES, views: VIEWS, ...quiet };

async function make(directory: string): Promise<void> {
  const lake = new MemoryLake();
  const speed = memoryStore();
  const batch = memoryBatchStore();
  let now = START + 2 * HOUR;
  const clock = { now: () => now, sleep: (ms: number) => Promise.resolve((now += ms)) };
  const temporary = mkdtempSync(join(tmpdir(), 'samples-'));

  for (const records of [LOG.slice(0, 5), LOG.slice(5)]) {
    await makeArchive({ ...shared, ...clock, store: lake })(lambdaEvent(TOPIC, records));
    await makeAggregate({ ...shared, ...clock, store: speed, recentPosts: 100 })(lambdaEvent(TOPIC, records));
  }
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
  for (const [key, row] of speed.rows) {
    const [view, interval, partition] = key.split('|');
    batch.speedRows.push({ ...row, view, interval: Number(interval), partition: Number(partition) });
  }
  batch.applied.set(0, LOG.length - 1);
  for (const [key, state] of speed.states) batch.states.set(key, state);
  const reconcile = makeReconcile({ ...shared, ...clock, lake, store: batch, speedTtl: 48 * HOUR, patience: 0 });
  const { reconciled } = (await reconcile({ run })) as { reconciled?: number };
  rmSync(temporary, { recursive: true });
  if (due !== 2 || reconciled !== 2) throw new Error(`2 intervals must get through, got ${due} and ${reconciled}`);

  for (const key of lake.keys('')) write(join(directory, 'lake', key), await lake.get(key));
  const tables = {
    speed_views: batch.speedRows,
    speed_state: [...speed.states].map(([name, row]) => ({ name, ...row })),
    batch_views: [...batch.runs].map(([name, row]) => ({ name, ...row })),
    boundary: batch.boundary,
    first_keys: encodeFirstKeys([['art'], ['travel']]),
  };
  write(join(directory, 'tables.json'), JSON.stringify(tables, base64, 1));
}

/** As the views engine does. */
async function computeViews(lake: MemoryLake, name: string): Promise<void> {
  const interval = parseIntervalName(name, INTERVAL_MINUTES);
  const state = emptyState();
  const keys: Record<string, number> = {};
  const all = new Map(VIEWS.map((view) => [view, new Map() as Counts]));
  for (const record of LOG) {
    const decoded = decodeRecord(record);
    if (decoded.kind !== 'post' || record.timestamp >= interval + HOUR) continue;
    const post = remember(state, decoded.index, decoded.sections, 100, incompletePostColumns(VIEWS));
    if (!post || record.timestamp < interval) continue;
    for (const [view, counts] of all) {
      const known = maskOfPresent(post.sections) & post.known;
      const found = contributionOf(view, post.sections, known, post.news);
      if (found) add(view, counts, found.key, found.value);
    }
  }
  for (const [view, counts] of all) {
    keys[view.name] = counts.size;
    await lake.put(viewKey(interval, view.name), viewObject(view, interval, sortedRows(view, counts)));
  }
  const manifest = sha256(await lake.get(manifestKey(interval)));
  const done = { interval: name, rows: 0, views: keys, manifest, definition: sha256(viewsAsJson()) };
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
