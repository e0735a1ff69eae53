import { type Deps, makeHandler, type Page } from '../../../../lambda/query/handler';
import { type QueryReader, type SpeedRead } from '../../../../lambda/query/reader';
import { type BoundaryRow } from '../../../../lambda/aws/keyspaces/store';
import { StoreUnavailableError } from '../../../../lambda/aws/keyspaces/keyspaces';
import { type HttpEvent } from '../../../../lambda/runtime/http';
import { runOf } from '../../../../lambda/domain/sorted-run';
import { type View } from '../../../../lambda/domain/views';
import { batchRunOf, joinKey } from '../../../support/view-runs';
import { sortedRows, type Counts } from '../../../../tools/kit/counts';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(`2026-11-22T${text}:00Z`);
const counts = (rows: Record<string, number>): Counts => new Map(Object.entries(rows));

const boundary: BoundaryRow = {
  firstInterval: at('10:00'),
  intervalMinutes: 60,
  interval: at('11:00'),
  publishedAt: at('12:01'),
  drift: 0,
  reconciledInterval: at('11:00'),
};
const batchRows: Record<string, Counts> = {
  '2026-11-22T10-00': counts({ art: 1 }),
  '2026-11-22T11-00': counts({ art: 2, travel: 5 }),
};
const speedRows: Record<number, Counts[]> = {
  [at('10:00')]: [counts({ art: 1 })],
  [at('11:00')]: [counts({ art: 2, travel: 5 })],
  [at('12:00')]: [counts({ art: 4 }), counts({ quotes: 1 })],
};

/** Throws on any call that a test did not expect. */
function readerOf(overrides: Partial<QueryReader> = {}): QueryReader {
  const unexpected = (name: string) => () => Promise.reject(new Error(`unexpected call of ${name}`));
  return {
    boundary: unexpected('boundary'),
    batchRun: unexpected('batchRun'),
    speedParts: unexpected('speedParts'),
    applied: unexpected('applied'),
    ...overrides,
  };
}

/** By partition, append time of the newest record. */
const applied = new Map([
  [0, at('12:30')],
  [1, at('12:31')],
]);
const nothing: SpeedRead = { version: '', parts: async () => [], applied: new Map() };

function partsOf(view: View, intervals: readonly number[]): Awaited<ReturnType<SpeedRead['parts']>> {
  return intervals.flatMap((interval) =>
    (speedRows[interval] ?? []).map((each, partition) => {
      return { interval, partition, rows: () => runOf(sortedRows(view, each)) };
    }),
  );
}

const rowsOf = (periods: readonly string[]) => periods.flatMap((name) => batchRows[name] ?? []);

const full = (row: BoundaryRow | undefined) =>
  readerOf({
    boundary: async () => row,
    batchRun: async (view, periods) => batchRunOf(view, rowsOf(periods), periods.join()),
    speedParts: async (view, intervals) => ({ version: 'v1', parts: async () => partsOf(view, intervals), applied }),
    applied: async () => applied,
  });

const reports: unknown[] = [];
const deps = (reader: QueryReader): Deps => ({
  reader,
  intervalMinutes: 60,
  partitions: 2,
  speedTtl: 72 * HOUR,
  report: (...args) => reports.push(args),
  now: () => at('12:40'),
});

async function call(reader: QueryReader, path: string, method = 'GET') {
  const [rawPath, rawQueryString = ''] = path.split('?');
  const event: HttpEvent = { rawPath, rawQueryString, requestContext: { http: { method } } };
  const { statusCode, body, headers } = await makeHandler(deps(reader))(event);
  return { statusCode, headers, body: JSON.parse(body) };
}

describe('a request to the query API', () => {
  test('reads each interval from exactly one layer', async () => {
    const { statusCode, body } = await call(full(boundary), '/views/posts_by_category');
    expect(statusCode).toBe(200);
    expect(body).toEqual({
      view: 'posts_by_category',
      columns: ['category', 'count'],
      rows: [
        { category: 'art', count: 7 },
        { category: 'quotes', count: 1 },
        { category: 'travel', count: 5 },
      ],
      boundary: '2026-11-22T11:00:00.000Z',
      asOf: '2026-11-22T12:30:00.000Z',
      intervals: { batch: 2, speed: 1 },
      // Renamed fields keep their old names as well, for one release.
      buckets: { batch: 2, speed: 1 },
    });
  });

  test('can read only the speed layer, published intervals included', async () => {
    const { body } = await call(full(boundary), '/views/posts_by_category?layer=speed&category=art');
    expect(body.rows).toEqual([{ category: 'art', count: 7 }]);
    expect(body.intervals.batch).toBe(0);
  });

  test('can read only the batch layer, up to the boundary', async () => {
    const { body } = await call(full(boundary), '/views/posts_by_category?layer=batch');
    expect(body.rows).toEqual([
      { category: 'art', count: 3 },
      { category: 'travel', count: 5 },
    ]);
    expect(body.asOf).toBe('2026-11-22T12:00:00.000Z');
  });

  test('is served by the speed layer before anything is published', async () => {
    const { body } = await call(full(undefined), '/views/posts_by_category?category=quotes');
    expect(body).toMatchObject({
      rows: [{ category: 'quotes', count: 1 }],
      boundary: null,
      asOf: '2026-11-22T12:30:00.000Z',
      intervals: { batch: 0, speed: 3 },
    });
  });

  test('respects a range in both layers', async () => {
    const { body } = await call(
      full(boundary),
      '/views/posts_by_category?from=2026-11-22T11:00:00Z&to=2026-11-22T12:00:00Z',
    );
    expect(body.rows).toEqual([
      { category: 'art', count: 2 },
      { category: 'travel', count: 5 },
    ]);
    expect(body.intervals).toEqual({ batch: 1, speed: 0 });
  });

  test.each([
    ['the slowest partition', '12:10', [at('12:10'), at('12:30')]],
    [
      'the slowest partition, with those added since the function was deployed',
      '12:05',
      [at('12:10'), at('12:30'), at('12:05')],
    ],
    ['the time boundary, while a partition may have nothing or lag', '12:00', [at('12:30')]],
    ['the time boundary, while nothing is open', '12:00', []],
  ])('is complete as of %s', async (_, asOf, newest) => {
    const reader: QueryReader = {
      ...full(boundary),
      speedParts: async () => ({ ...nothing, applied: new Map(newest.entries()) }),
    };
    expect((await call(reader, '/views/posts_by_category')).body.asOf).toBe(`2026-11-22T${asOf}:00.000Z`);
    expect((await call({ ...reader, boundary: async () => undefined }, '/views/posts_by_category')).body.asOf).toBe(
      newest.length >= 2 ? `2026-11-22T${asOf}:00.000Z` : null,
    );
  });

  test('returns the largest values first with top', async () => {
    const { body } = await call(full(boundary), '/views/posts_by_category?top=1');
    expect(body.rows).toEqual([{ category: 'art', count: 7 }]);
  });

  test('returns a standard answer by its name and by its view', async () => {
    const reader = readerOf({
      boundary: async () => boundary,
      batchRun: async (view) => batchRunOf(view, [counts({ [joinKey(['Chad', 'art'])]: 2 })]),
      speedParts: async () => nothing,
    });
    const rows = [{ country: 'Chad', category: 'art', category_count: 2 }];
    expect((await call(reader, '/answers/popular_category_by_country')).body.rows).toEqual(rows);
    const byView = await call(reader, '/views/category_by_country?answer=standard');
    expect(byView.body.answers).toEqual([
      { answer: 'popular_category_by_country', columns: ['country', 'category', 'category_count'], rows },
    ]);
  });

  test.each([
    ['/views/colours', 404, /^view must be one of posts_by_category, /],
    ['/answers/everything', 404, /^answer must be one of popular_category_by_country, /],
    ['/answers/popular_category_by_country?answer=counts', 400, /^query parameter must be one of/],
    ['/views/posts_by_category?answer=standard', 400, /^answer must be counts/],
    ['/views/posts_by_category?top=many', 400, /^top must be a whole number/],
    ['/secrets', 404, /^path must be GET \/views/],
    ['/', 404, /^path must be/],
  ])('%s is rejected with %i by name, without a read', async (path, status, message) => {
    const { statusCode, body } = await call(readerOf(), path);
    expect(statusCode).toBe(status);
    expect(body.message).toMatch(message);
  });

  test('gets 503 with Retry-After while the store is down', async () => {
    const reader = readerOf({ boundary: () => Promise.reject(new StoreUnavailableError('no host available')) });
    for (const path of ['/views/posts_by_category', '/health', '/boundary']) {
      const { statusCode, headers, body } = await call(reader, path);
      expect([statusCode, headers['retry-after'], body.status]).toEqual([503, '5', 'down']);
    }
  });
});

test('an internal fault is not reported as an outage', async () => {
  const reader = readerOf({ boundary: () => Promise.reject(new Error('counts must have version 1')) });
  const { statusCode, body } = await call(reader, '/views/posts_by_category');
  expect([statusCode, body]).toEqual([500, { message: 'internal error' }]);
});

describe('the boundary', () => {
  test('is returned with its age and the result of reconcile', async () => {
    expect((await call(full(boundary), '/boundary')).body).toEqual({
      interval: '2026-11-22T11:00:00.000Z',
      firstInterval: '2026-11-22T10:00:00.000Z',
      publishedAt: '2026-11-22T12:01:00.000Z',
      reconciledInterval: '2026-11-22T11:00:00.000Z',
      drift: 0,
      ageMs: 40 * 60_000,
      bucket: '2026-11-22T11:00:00.000Z',
      firstBucket: '2026-11-22T10:00:00.000Z',
      reconciledBucket: '2026-11-22T11:00:00.000Z',
    });
  });

  test('is null before the first interval is published', async () => {
    const { body } = await call(readerOf({ boundary: async () => undefined }), '/boundary');
    expect(body).toEqual({
      interval: null,
      firstInterval: null,
      publishedAt: null,
      reconciledInterval: null,
      drift: null,
      ageMs: null,
      bucket: null,
      firstBucket: null,
      reconciledBucket: null,
    });
  });
});

describe('the page', () => {
  const steps = [{ step: 'ingest', metrics: [] }];
  const window = { from: '2026-11-22T12:11:00.000Z', to: '2026-11-22T12:41:00.000Z', periodSeconds: 60 };
  const files: Page['files'] = (name) => ({ statusCode: 200, headers: {}, body: name });
  const page: Page = { stage: 'dev', files, boundaryDueMs: 5_400_000, metrics: async () => ({ window, steps }) };
  const get = async (reader: QueryReader, rawPath: string, served: Page | undefined = page) =>
    makeHandler({ ...deps(reader), page: served })({ rawPath, requestContext: { http: { method: 'GET' } } });

  test('consists of three files, and no others of the asset', async () => {
    const bodies = ['/', '/assets/page.js', '/assets/page.css'].map(async (path) => (await get(readerOf(), path)).body);
    expect(await Promise.all(bodies)).toEqual(['index.html', 'page.js', 'page.css']);
    for (const path of ['/assets/index.html', '/assets/index.js', '/assets', '/index.html']) {
      expect((await get(readerOf(), path)).statusCode).toBe(404);
    }
  });

  test('gets the boundary, the freshness of answers, and the metrics', async () => {
    const { statusCode, body } = await get(full(boundary), '/status');
    expect(statusCode).toBe(200);
    expect(JSON.parse(body)).toEqual({
      stage: 'dev',
      now: '2026-11-22T12:40:00.000Z',
      intervalMinutes: 60,
      bucketMinutes: 60,
      boundary: {
        interval: '2026-11-22T11:00:00.000Z',
        firstInterval: '2026-11-22T10:00:00.000Z',
        publishedAt: '2026-11-22T12:01:00.000Z',
        reconciledInterval: '2026-11-22T11:00:00.000Z',
        drift: 0,
        ageMs: 40 * 60_000,
        bucket: '2026-11-22T11:00:00.000Z',
        firstBucket: '2026-11-22T10:00:00.000Z',
        reconciledBucket: '2026-11-22T11:00:00.000Z',
      },
      boundaryDueMs: 5_400_000,
      asOf: '2026-11-22T12:30:00.000Z',
      window,
      steps,
    });
  });

  test('reads no rows to determine the freshness of answers', async () => {
    const reader = readerOf({ boundary: async () => boundary, applied: async () => applied });
    expect((await get(reader, '/status')).statusCode).toBe(200);
  });

  test('gets 503 with Retry-After while the store is down', async () => {
    const down = () => Promise.reject(new StoreUnavailableError('no host available'));
    expect((await get(readerOf({ boundary: down, applied: down }), '/status')).statusCode).toBe(503);
  });

  test.each(['/', '/status', '/assets/page.js'])('%s does not exist if the configuration has no page', async (path) => {
    const handler = makeHandler(deps(readerOf()));
    const { statusCode, body } = await handler({ rawPath: path, requestContext: { http: { method: 'GET' } } });
    expect([statusCode, body]).toEqual([404, expect.stringContaining('path must be GET /views')]);
  });
});

describe('an answer that the client has', () => {
  const ask = async (reader: QueryReader, path: string, tag?: string) => {
    const [rawPath, rawQueryString = ''] = path.split('?');
    const headers = tag === undefined ? {} : { 'if-none-match': tag };
    return makeHandler(deps(reader))({ rawPath, rawQueryString, headers, requestContext: { http: { method: 'GET' } } });
  };
  /** Rows are not read. */
  const versions = (row = boundary, batch = '', speed = 'v1') => {
    const unexpected = () => {
      throw new Error('unexpected read of rows');
    };
    return readerOf({
      boundary: async () => row,
      batchRun: async (_, periods) => ({ version: `${batch}${periods.join()}`, rows: unexpected }),
      speedParts: async (_, intervals) =>
        intervals.length > 0 ? { version: speed, applied, parts: unexpected } : { ...nothing, parts: unexpected },
    });
  };
  const first = (reader = full(boundary)): QueryReader => ({
    ...reader,
    batchRun: async (view, periods) => ({
      ...(await full(boundary).batchRun(view, periods)),
      version: periods.join(),
    }),
    speedParts: async (view, intervals) =>
      intervals.length > 0 ? full(boundary).speedParts(view, intervals) : nothing,
  });
  const PATHS = [
    '/views/posts_by_category',
    '/views/posts_by_category?limit=1',
    '/views/posts_by_category?top=2',
    '/views/category_by_country?answer=standard',
    '/answers/popular_category_by_country',
  ];

  test.each(PATHS)('is not read again: %s', async (path) => {
    const { statusCode, headers } = await ask(first(), path);
    expect([statusCode, headers['cache-control']]).toEqual([200, 'private, no-cache']);
    expect(headers.etag).toMatch(/^W\/"[0-9a-f]{22}"$/);
    for (const tag of [headers.etag, headers.etag.slice(2), `"other", ${headers.etag}`, '*']) {
      const again = await ask(versions(), path, tag);
      expect(again).toEqual({
        statusCode: 304,
        headers: { etag: headers.etag, 'cache-control': 'private, no-cache' },
        body: '',
      });
    }
  });

  test.each<[string, QueryReader]>([
    ['the time boundary moves', versions({ ...boundary, interval: at('12:00') })],
    ['an interval is published again', versions(boundary, 'again ')],
    ['something is appended', versions(boundary, '', 'v2')],
  ])('is read again once %s', async (_, reader) => {
    const { headers } = await ask(first(), '/views/posts_by_category');
    await ask(reader, '/views/posts_by_category', headers.etag).then(
      ({ statusCode }) => expect(statusCode).toBe(500),
      (error: Error) => expect(error.message).toBe('unexpected read of rows'),
    );
  });

  test('is of the batch layer alone where the range is: it may be cached for seconds', async () => {
    const path = '/views/posts_by_category?to=2026-11-22T12:00:00Z';
    const { headers } = await ask(first(), path);
    expect(headers['cache-control']).toBe('private, max-age=5');
    expect((await ask(versions(boundary, '', 'v2'), path, headers.etag)).statusCode).toBe(304);
  });

  test('has no name where there is none: a request is wrong, or the rows of its cursor are gone', async () => {
    expect((await ask(full(boundary), '/views/posts_by_category?top=0', '*')).headers.etag).toBeUndefined();
    const page = JSON.parse((await ask(first(), '/views/posts_by_category?limit=1')).body);
    const gone = await ask(versions(boundary, 'again '), `/views/posts_by_category?limit=1&cursor=${page.cursor}`, '*');
    expect([gone.statusCode, gone.headers.etag]).toEqual([410, undefined]);
  });
});
