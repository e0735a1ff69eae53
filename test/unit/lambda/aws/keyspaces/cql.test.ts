import * as cql from '../../../../../lambda/aws/keyspaces/cql';

const { tableName, ...STATEMENTS } = cql;
const { putSpeedChunk, putPosts, putPointer, putChunk, deleteBlock, putUnreferenced, deleteUnreferenced } = cql;

const allStatements = (table: string): string[] => Object.values(STATEMENTS).map((statement) => statement(table));

/** What Keyspaces refuses, or what costs there in a way that does not show locally. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\b(COUNT|MIN|MAX|SUM|AVG)\s*\(/i, 'aggregates'],
  [/\bDISTINCT\b/i, 'DISTINCT'],
  [/\bPER\s+PARTITION\b/i, 'PER PARTITION LIMIT'],
  [/\bGROUP\s+BY\b/i, 'GROUP BY'],
  [/\bALLOW\s+FILTERING\b/i, 'ALLOW FILTERING'],
  [/\bTRUNCATE\b/i, 'TRUNCATE'],
  [/\bALTER\s+TYPE\b/i, 'ALTER TYPE'],
  [/\bCREATE\s+(CUSTOM\s+)?INDEX\b/i, 'secondary indexes'],
  [/\bMATERIALIZED\b/i, 'materialized views'],
  [/\bUSING\s+TIMESTAMP\b/i, 'USING TIMESTAMP'],
  [/\bUSING\s+TTL\b/i, 'USING TTL: the table has a default'],
  [/\bBEGIN\b[^;]*\bBATCH\b/i, 'batches as text'],
  [/!=/, '!='],
  [/\bIN\s+\?/i, 'IN with a bound list'],
  [
    /(?:\(|,|\bSELECT|\bSET|\bWHERE|\bAND)\s*(?:view|token|order|index|to|of|table|limit)\b(?!\s*\()/i,
    'a reserved word as a column',
  ],
];

/** The names of what Amazon Keyspaces does not have and `statement` uses; empty if it is fine. */
function lintCql(statement: string): string[] {
  return FORBIDDEN.filter(([pattern]) => pattern.test(statement)).map(([, name]) => name);
}

describe('the statements', () => {
  it.each(allStatements(tableName('pipeline', 'some_table')))('use only what Keyspaces supports: %s', (statement) => {
    expect(lintCql(statement)).toEqual([]);
    expect(statement).toContain('"pipeline"."some_table"');
  });

  it('change rows only under a condition, unless they have one writer or all writers write the same', () => {
    const unconditional = allStatements('tt').filter((text) => !text.startsWith('SELECT') && !/ IF /.test(text));
    const same = [putSpeedChunk, putPosts];
    const ofRuns = [putPointer, putChunk, deleteBlock, putUnreferenced, deleteUnreferenced];
    expect(unconditional.sort()).toEqual([...same, ...ofRuns].map((statement) => statement('tt')).sort());
  });
});

describe('the lint', () => {
  it.each([
    ['SELECT COUNT(*) FROM tt', 'aggregates'],
    ['select max (offset) from tt', 'aggregates'],
    ['SELECT DISTINCT aa FROM tt', 'DISTINCT'],
    ['SELECT aa FROM tt PER PARTITION LIMIT 1', 'PER PARTITION LIMIT'],
    ['SELECT aa FROM tt GROUP BY aa', 'GROUP BY'],
    ['SELECT aa FROM tt WHERE bb = ? ALLOW FILTERING', 'ALLOW FILTERING'],
    ['TRUNCATE tt', 'TRUNCATE'],
    ['SELECT aa FROM tt WHERE bb IN ?', 'IN with a bound list'],
    ['ALTER TYPE tt ADD aa int', 'ALTER TYPE'],
    ['CREATE CUSTOM INDEX ON tt (aa)', 'secondary indexes'],
    ['CREATE MATERIALIZED VIEW vv AS SELECT aa FROM tt', 'materialized views'],
    ['INSERT INTO tt (aa) VALUES (?) USING TIMESTAMP 1', 'USING TIMESTAMP'],
    ['INSERT INTO tt (aa) VALUES (?) USING TTL 1', 'USING TTL: the table has a default'],
    ['BEGIN UNLOGGED BATCH UPDATE tt SET aa = 1 APPLY BATCH', 'batches as text'],
    ['UPDATE tt SET aa = 1 WHERE bb = 2 IF aa != 1', '!='],
    ['INSERT INTO tt (aa, view) VALUES (?, ?)', 'a reserved word as a column'],
    ['SELECT aa FROM tt WHERE bb = ? AND token = ?', 'a reserved word as a column'],
  ])('finds what Keyspaces rejects: %s', (statement, name) => {
    expect(lintCql(statement)).toEqual([name]);
  });

  it('accepts columns whose names only resemble it', () => {
    expect(lintCql('SELECT counts, discount, maximum FROM sums WHERE minute = ?')).toEqual([]);
  });
});
