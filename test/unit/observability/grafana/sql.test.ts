/** Runs the SQL of boards and rules on DuckDB, on a table with the lake's columns. Macros define Athena's functions. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import {
  COMPLETENESS,
  DIMENSIONS,
  DOUBLE_ROWS,
  IDLE_ROWS,
  NULL_SHARES,
  POSTS_PER_INTERVAL,
} from '../../../../observability/grafana/sql';
import { DUCKDB_TYPES, POST_FILE_COLUMNS } from '../../../../lambda/formats/post-files';

let connection: DuckDBConnection;

beforeEach(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const statement of [
    "CREATE MACRO date_format(moment, form) AS strftime(moment, replace(form, '%i', '%M'))",
    'CREATE MACRO array_join(items, separator) AS array_to_string(items, separator)',
    'CREATE MACRO cardinality(items) AS len(items)',
    `CREATE TABLE posts (${POST_FILE_COLUMNS.map(({ name, type }) => `${name} ${DUCKDB_TYPES[type]}`).join()})`,
  ]) {
    await connection.run(statement);
  }
});
afterEach(() => connection.closeSync());

const intervalStart = (hoursAgo: number) =>
  new Date(Date.now() - hoursAgo * 3_600_000).toISOString().slice(0, 13) + '-00';

async function insert(
  key: number,
  hoursAgo: number,
  sections: string[],
  fresh: string[],
  values: Record<string, string> = {},
) {
  const list = (items: string[]) => `[${items.map((item) => `'${item}'`).join()}]::VARCHAR[]`;
  const columns = ['post_key', 'interval_start', 'sections', 'new_sections', ...Object.keys(values)];
  const given = [
    key,
    `'${intervalStart(hoursAgo)}'`,
    list(sections),
    list(fresh),
    ...Object.values(values).map((v) => `'${v}'`),
  ];
  await connection.run(`INSERT INTO posts (${columns.join()}) VALUES (${given.join()})`);
}

async function rows(sql: string): Promise<unknown[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

test('counts rows and posts per interval of the last day, the newest first', async () => {
  await insert(1, 2, ['pin'], ['pin']);
  await insert(2, 2, ['pin'], ['pin']);
  await insert(1, 1, ['pin', 'geo'], ['geo']);
  await insert(3, 30, ['pin'], ['pin']);
  expect(await rows(POSTS_PER_INTERVAL)).toEqual([
    { interval_start: intervalStart(1), rows: '1', posts: '1' },
    { interval_start: intervalStart(2), rows: '2', posts: '2' },
  ]);
});

test('counts posts by their sections, from the newest row of each', async () => {
  await insert(1, 2, ['pin'], ['pin']);
  await insert(1, 1, ['pin', 'geo'], ['geo']);
  await insert(2, 1, ['pin', 'geo'], ['pin', 'geo']);
  await insert(3, 1, ['user'], ['user']);
  expect(await rows(COMPLETENESS)).toEqual([
    { sections: 'pin + geo', posts: '2' },
    { sections: 'user', posts: '1' },
  ]);
});

test('returns the empty share of each dimension', async () => {
  await insert(1, 1, ['pin'], ['pin'], { category: 'art' });
  await insert(2, 1, ['pin'], ['pin']);
  const [shares] = (await rows(NULL_SHARES)) as Record<string, number>[];
  expect(Object.keys(shares)).toEqual(DIMENSIONS);
  expect(shares).toMatchObject({ category: 0.5, country: 1 });
});

test('finds a post that is twice in an interval, but not one that is in two intervals', async () => {
  await insert(1, 2, ['pin'], ['pin']);
  await insert(1, 1, ['pin', 'geo'], ['geo']);
  expect(await rows(DOUBLE_ROWS)).toEqual([{ double: '0' }]);
  await insert(1, 1, ['pin', 'geo'], ['geo']);
  expect(await rows(DOUBLE_ROWS)).toEqual([{ double: '1' }]);
});

test('finds a row without a new section', async () => {
  await insert(1, 2, ['pin'], ['pin']);
  expect(await rows(IDLE_ROWS)).toEqual([{ idle: '0' }]);
  await insert(1, 1, ['pin'], []);
  expect(await rows(IDLE_ROWS)).toEqual([{ idle: '1' }]);
});
