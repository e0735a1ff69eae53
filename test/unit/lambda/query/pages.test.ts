import fc from 'fast-check';
import { makeHandler } from '../../../../lambda/query/handler';
import { decodeCursor, encodeCursor } from '../../../../lambda/query/pages';
import { queryReader } from '../../../../lambda/query/reader';
import { isValidationError } from '../../../../lambda/query/request';
import { writeRun } from '../../../../lambda/aws/keyspaces/view-runs';
import { CHUNK, runVersion } from '../../../../lambda/formats/view-run';
import { runOf } from '../../../../lambda/domain/sorted-run';
import { findView, type SumView, type View } from '../../../../lambda/domain/views';
import { memoryBatchStore } from '../../../support/memory-batch-store';
import { lambdaEvent } from '../../../support/posts-log';
import { aggregateOver, recordsOf } from '../../../support/speed-layer';
import { joinKey, mergeCounts } from '../../../support/view-runs';
import { trim, sortedRows, type Counts } from '../../../../tools/kit/counts';

const HOUR = 3_600_000;
const MONTHS = ['2026-09', '2026-10'];
const FIRST = Date.parse('2026-09-01T00:00:00Z');
const SERVED = Date.parse('2026-10-31T23:00:00Z');
const OPEN = SERVED + HOUR;
const CATEGORY = findView('posts_by_category')!;
const TOP = findView('top_poster_by_country')!;

interface Page {
  readonly rows: readonly Record<string, unknown>[];
  readonly cursor?: string;
  readonly error?: unknown;
}

/** Two months of the batch layer, and one open interval. */
async function setUp(view: View, [september, october, open]: readonly Counts[]) {
  const store = memoryBatchStore();
  const nothing = () => Promise.resolve();
  const put = (period: string, counts: Counts, version = 'v') =>
    writeRun(
      store,
      { view, period, version: runVersion(view, [version]) },
      runOf(sortedRows(view, trim(view, counts))),
      {
        beforeChunks: nothing,
        beforePointer: nothing,
      },
    );
  await put(MONTHS[0], september);
  await put(MONTHS[1], october);
  await aggregateOver(store.speed)(lambdaEvent('posts', recordsOf(view, open, { timestamp: OPEN })));
  store.boundary = {
    interval: SERVED,
    firstInterval: FIRST,
    intervalMinutes: 60,
    publishedAt: 0,
    drift: null,
    reconciledInterval: null,
  };
  let clock = OPEN + HOUR / 2;
  const wait = (ms: number) => void (clock += ms);
  const handlerOf = (views: readonly View[]) =>
    makeHandler({
      views,
      reader: queryReader(store, { topic: 'posts', partitions: 1, intervalMinutes: 60, views }),
      intervalMinutes: 60,
      partitions: 1,
      speedTtl: 48 * HOUR,
      report: () => undefined,
      now: () => clock,
    });
  let handler = handlerOf([view]);
  const ask = async (query: string) => {
    const response = await handler({
      rawPath: `/views/${view.name}`,
      rawQueryString: query,
      requestContext: { http: { method: 'GET' } },
    });
    return { status: response.statusCode, ...(JSON.parse(response.body) as Page) };
  };
  const askAll = async (query: string) => {
    const rows: Record<string, unknown>[] = [];
    const pages: Page[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; cursor = pages.at(-1)!.cursor) {
      const page = await ask(`${query}${cursor && `&cursor=${cursor}`}`);
      expect(page.status).toBe(200);
      pages.push(page);
      rows.push(...page.rows);
    }
    return { rows, pages };
  };
  const deploy = (views: readonly View[]) => void (handler = handlerOf(views));
  return { store, put, ask, askAll, deploy, wait };
}

const few = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd', '\uffff', '\u{10000}'),
      fc.constantFrom('x', 'y', 'z'),
      fc.integer({ min: 1, max: 5 }),
    ),
  )
  .map((entries) => new Map(entries.map(([a, b, value]) => [joinKey([a, b]), value])) as Counts);

const numbered = (count: number, end = '') =>
  new Map(Array.from({ length: count }, (_, i) => [String(i).padStart(10, '0') + end, 1])) as Counts;

describe('pages of a view', () => {
  test.each([
    ['sum', findView('category_by_country')!],
    ['max, the best of each group', { ...TOP, top: { groupBy: 1, keep: 2 } }],
  ])('hold every row once and in order, whatever their size: %s', async (_, view) => {
    // The handler knows views by name.
    const known = findView(view.name)!;
    await fc.assert(
      fc.asyncProperty(few, few, few, fc.integer({ min: 1, max: 7 }), async (a, b, c, limit) => {
        const { askAll } = await setUp(known, [a, b, c]);
        const { rows, pages } = await askAll(`limit=${limit}`);
        const merged = trim(
          known,
          [a, b, c].reduce<Counts>((sum, each) => mergeCounts(known, sum, each), new Map()),
        );
        const columns = [...known.dimensions, known.value ?? 'count'];
        const expected = sortedRows(known, merged).map(({ key, value }) =>
          Object.fromEntries(columns.map((column, i) => [column, [...key, value][i]])),
        );
        expect(rows).toEqual(expected);
        expect(pages.every((page) => page.rows.length <= limit)).toBe(true);
        expect(pages).toHaveLength(Math.max(1, Math.ceil(expected.length / limit)));
      }),
      { numRuns: 40 },
    );
  });

  test('end before a response outgrows what a function may return', async () => {
    const { askAll } = await setUp(CATEGORY, [numbered(20_000, '"'.repeat(240)), new Map(), new Map()]);
    const { rows, pages } = await askAll('');
    expect(rows).toHaveLength(20_000);
    expect(pages.length).toBeGreaterThan(2);
    // The body stands in the function's response as a text of JSON.
    const sizes = pages.map((page) => JSON.stringify(JSON.stringify(page)).length);
    expect(Math.max(...sizes)).toBeLessThan(6 * 1_024 * 1_024);
  });

  test('are of one time boundary: intervals that are published meanwhile do not count twice', async () => {
    const { store, askAll, ask, put } = await setUp(CATEGORY, [numbered(4), numbered(4), numbered(4)]);
    const { rows } = await askAll('limit=3');
    const { rows: first, cursor } = await ask('limit=3');
    await put('2026-11-01T00-00', numbered(4));
    store.boundary = { ...store.boundary!, interval: OPEN };
    const second = await ask(`limit=3&cursor=${cursor}`);
    expect([...first, ...second.rows]).toEqual(rows);
  });

  test('that are gone are answered with 410', async () => {
    const { ask, put } = await setUp(CATEGORY, [numbered(CHUNK.rows + 1), numbered(4), numbered(4)]);
    const { cursor } = await ask('limit=3');
    await put(MONTHS[1], numbered(5), 'w');
    expect(await ask(`limit=3&cursor=${cursor}`)).toMatchObject({ status: 410, error: { field: 'cursor' } });
  });

  test('are gone once the rows of what was open then expire', async () => {
    const { ask, store, put, wait } = await setUp(CATEGORY, [numbered(4), numbered(4), numbered(4)]);
    const { cursor } = await ask('limit=3');
    await put('2026-11-01T00-00', numbered(4));
    store.boundary = { ...store.boundary!, interval: OPEN };
    wait(HOUR / 4);
    expect(await ask(`limit=3&cursor=${cursor}`)).toMatchObject({ status: 200 });
    wait(48 * HOUR);
    expect(await ask(`limit=3&cursor=${cursor}`)).toMatchObject({ status: 410, error: { field: 'cursor' } });
  });

  test('of another definition of the view are gone, too, also where nothing is published', async () => {
    const view = findView('category_by_country') as SumView;
    const pairs: Counts = new Map(['art', 'food', 'travel', 'quotes'].map((each) => [joinKey(['Fiji', each]), 1]));
    const { ask, store, deploy } = await setUp(view, [pairs, pairs, pairs]);
    store.boundary = undefined;
    const { cursor } = await ask('limit=3');
    deploy([{ ...view, dimensions: ['category', 'country'] }]);
    expect(await ask(`limit=3&cursor=${cursor}`)).toMatchObject({ status: 410, error: { field: 'cursor' } });
  });

  test('want the cursor of the same request', async () => {
    const { ask } = await setUp(CATEGORY, [numbered(4), numbered(4), numbered(4)]);
    const { cursor } = await ask('limit=3');
    for (const query of [`cursor=${cursor}&layer=batch`, 'cursor=x', `cursor=${cursor!.slice(3)}`, 'cursor=']) {
      expect(await ask(query)).toMatchObject({ status: 400, error: { field: 'cursor' } });
    }
    expect(await ask(`cursor=${cursor}&limit=1`)).toMatchObject({ status: 200 });
  });
});

describe('the largest rows', () => {
  test('are those of all rows sorted by value, ties in the order of their keys', async () => {
    await fc.assert(
      fc.asyncProperty(few, few, few, fc.integer({ min: 1, max: 9 }), async (a, b, c, top) => {
        const { ask, askAll } = await setUp(findView('category_by_country')!, [a, b, c]);
        const { rows } = await askAll('');
        const sorted = rows.sort((x, y) => Number(y.count) - Number(x.count));
        expect((await ask(`top=${top}`)).rows).toEqual(sorted.slice(0, top));
      }),
      { numRuns: 40 },
    );
  });

  test('that are too many for a response are truncated, and say so', async () => {
    const { ask } = await setUp(CATEGORY, [numbered(20_000, '"'.repeat(240)), new Map(), new Map()]);
    const { rows, ...rest } = await ask('top=10000');
    expect(rows.length).toBeGreaterThan(1_000);
    expect(rest).toMatchObject({ status: 200, truncated: true });
    expect(JSON.stringify(JSON.stringify(rows)).length).toBeLessThan(6 * 1_024 * 1_024);
    expect(await ask('top=10')).not.toHaveProperty('truncated');
  });
});

test('a cursor comes back as it was', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.nat()), fc.string(), fc.nat(), (key, boundary, version, made) => {
      const selection = { filters: {}, kind: 'counts', layer: 'merged' } as const;
      const cursor = { after: [key], boundary, version, made };
      const back = decodeCursor(CATEGORY, selection, encodeCursor(CATEGORY, selection, cursor));
      expect(isValidationError(back)).toBe(false);
      expect(back).toEqual(cursor);
    }),
  );
});
