/**
 * The query handler over twelve months with top n, beside the same rows read bare: the same prepared statement, for the same periods,
 * as many at once, and the bytes thrown away. On a real Cassandra, as what a bare read takes is what the store takes. The handler caches
 * merged rows for seconds; here it caches none, so each query reads.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeHandler } from '../../lambda/query/handler';
import { queryReader } from '../../lambda/query/reader';
import { encodeRows } from '../../lambda/formats/counts-codec';
import { runVersion } from '../../lambda/formats/view-run';
import { runOf, type Row } from '../../lambda/domain/sorted-run';
import { decodeRecord } from '../../lambda/domain/decode';
import { type QueryStore, type RunStore } from '../../lambda/aws/keyspaces/store';
import { writeRun } from '../../lambda/aws/keyspaces/view-runs';
import { SECTIONS } from '../../lambda/domain/columns';
import { findView, type View } from '../../lambda/domain/views';
import { startCassandra } from '../engines';
import { createStore } from '../../test/engines/view-store/tables';
import { inTurn, median, quantile } from './measure';
import { posts, records } from './posts';
import { type Figure, type Report, type Size } from './report';
import { DAY, HOUR } from '../../lambda/domain/time';
import { contribution, add, trim, sortedRows, type Counts } from '../kit/counts';

const REGION = 'us-east-1';
const TOPIC = 'posts';
const TOP = 10;
const MONTHS = Array.from({ length: 12 }, (_, i) => `2025-${String(i + 1).padStart(2, '0')}`);
const START = Date.UTC(2025, 0, 1);
const END = Date.UTC(2026, 0, 1);
const WARM_UP = 50;
/** From 13 keys a month to all keys of the largest view. */
const ASKED = ['posts_by_category', 'posts_by_country', 'category_by_country', 'top_poster_by_country'];

function viewNamed(name: string): View {
  const view = findView(name);
  if (!view) throw new Error(`there is no view '${name}'`);
  return view;
}

/** The run of a month and view. */
export interface Month {
  readonly view: View;
  readonly month: string;
  readonly rows: readonly Row[];
}

/** Each month of each view, from so many posts of its own. */
function monthsOf(views: readonly View[], postsAMonth: number): Month[] {
  const source = posts(postsAMonth * MONTHS.length);
  const months: Month[] = [];
  for (const month of MONTHS) {
    const counts = new Map<View, Counts>(views.map((view) => [view, new Map()]));
    for (const record of records(source, postsAMonth)) {
      const decoded = decodeRecord(record);
      if (decoded.kind !== 'post') continue;
      for (const view of views) {
        const given = contribution(view, decoded.sections, SECTIONS);
        if (given) add(view, counts.get(view)!, given.key, given.value);
      }
    }
    for (const view of views) {
      months.push({ view, month, rows: sortedRows(view, trim(view, counts.get(view)!)) });
    }
  }
  return months;
}

interface Asked {
  readonly view: View;
  /** Compressed bytes of the twelve rows. */
  readonly bytes: number;
  readonly asking: readonly number[];
  readonly reading: readonly number[];
  readonly cpu: number;
}

/** Pointer rows, then their chunks. */
async function readBare(store: QueryStore, view: string, period: string): Promise<void> {
  const pointer = await store.readRun(view, period);
  if (!pointer) throw new Error('a row is missing');
  const { chunks, version } = pointer;
  await Promise.all(Array.from({ length: chunks }, (_, chunk) => store.readChunk({ view, period, version, chunk })));
}

async function ask(store: QueryStore, view: View, months: readonly Month[], rounds: number): Promise<Asked> {
  const handler = makeHandler({
    reader: queryReader(store, {
      ...{ topic: TOPIC, partitions: 1, intervalMinutes: 60 },
      cache: { ttl: 0, maxKeys: 0, now: () => END + DAY },
    }),
    intervalMinutes: 60,
    partitions: 1,
    speedTtl: HOUR,
    report: () => undefined,
    now: () => END + DAY,
  });
  const rawQueryString = `from=2025-01-01&to=2026-01-01&top=${TOP}&layer=batch`;
  const event = {
    rawPath: `/views/${view.name}`,
    rawQueryString,
    headers: {},
    isBase64Encoded: false,
    requestContext: { http: { method: 'GET' } },
  };
  const { asking, reading } = await inTurn(rounds, Math.min(WARM_UP, rounds), {
    asking: async () => {
      const { statusCode, body } = await handler(event);
      if (statusCode !== 200) throw new Error(`status ${statusCode}: ${body}`);
    },
    reading: async () => {
      // It decides which rows are read, in both contenders.
      await store.readBoundary(TOPIC);
      await Promise.all(MONTHS.map((month) => readBare(store, view.name, month)));
    },
  });
  const wall = (samples: typeof asking) => samples.map((sample) => sample.wall);
  return {
    view,
    bytes: months
      .filter((month) => month.view === view)
      .reduce((sum, { rows }) => sum + encodeRows(view, rows).length, 0),
    asking: wall(asking),
    reading: wall(reading),
    cpu: median(asking.map(({ cpu }, i) => cpu - reading[i].cpu)),
  };
}

function figuresOf({ view, bytes, asking, reading, cpu }: Asked): Figure[] {
  const name = `${view.name} (${(bytes / 1024).toFixed(1)} KB)`;
  const p99 = quantile(asking, 0.99);
  return [
    { what: `${name}: p99`, value: p99, unit: 'ms', goal: { atMost: 10 } },
    {
      what: `${name}: p99 to that of the bare read`,
      value: p99 / quantile(reading, 0.99),
      unit: '',
      goal: { atMost: 1.15 },
    },
    { what: `${name}: median to that of the bare read`, value: median(asking) / median(reading), unit: '' },
    { what: `${name}: CPU beyond the bare read`, value: cpu, unit: 'ms' },
  ];
}

/** With a store, to try it without Cassandra. @param size.posts a month */
export async function measureQueries(
  { rounds, posts: postsAMonth }: Size,
  fill: (months: readonly Month[]) => Promise<QueryStore>,
): Promise<Report> {
  const views = ASKED.map(viewNamed);
  const months = monthsOf(views, postsAMonth);
  const store = await fill(months);
  const figures: Figure[] = [];
  for (const view of views) figures.push(...figuresOf(await ask(store, view, months, rounds)));
  return {
    bench: 'query',
    setting: `12 months of ${postsAMonth} posts, top ${TOP}, ${rounds} questions a view, against the same rows read bare`,
    figures,
  };
}

export async function writeMonths(store: RunStore, months: readonly Month[]): Promise<void> {
  const nothing = () => Promise.resolve();
  for (const { view, month, rows } of months) {
    const target = { view, period: month, version: runVersion(view, ['bench']) };
    await writeRun(store, target, runOf(rows), { beforeChunks: nothing, beforePointer: nothing });
  }
}

export async function query(size: Size = { rounds: 300, posts: 2_000 }): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-query-'));
  const cassandra = await startCassandra({ dir, persistent: false, region: REGION });
  try {
    const { store, session } = await createStore(cassandra, 'bench');
    try {
      return await measureQueries(size, async (months) => {
        await writeMonths(store, months);
        await store.startBoundary(TOPIC, START, 60, START);
        await store.moveBoundary(TOPIC, START, END - HOUR, END);
        return store;
      });
    } finally {
      await session.shutdown();
    }
  } finally {
    await cassandra.kill9();
    rmSync(dir, { recursive: true, force: true });
  }
}
