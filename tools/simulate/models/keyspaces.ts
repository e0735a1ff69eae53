/**
 * Amazon Keyspaces: runs the CQL statements of the project over tables in memory, with conditions, time to live and the limit of a
 * row's size. Rows are read page by page, so a result of many rows is of many instants. The real store of the handlers runs over it.
 */
import {
  StoreUnavailableError,
  type CqlResult,
  type CqlSession,
  type CqlValue,
} from '../../../lambda/aws/keyspaces/keyspaces';
import { type Process } from '../process';
import { type World } from '../world';

export interface TableSchema {
  readonly partitionKey: readonly string[];
  readonly clusteringKey: readonly string[];
  /** By column: timestamps come back as dates. */
  readonly types: Readonly<Record<string, string>>;
  /** Seconds. @default - rows stay */
  ttl?: number;
}

type Value = string | number | Buffer | null;

interface Cell {
  readonly value: Value;
  readonly expires: number;
  /** Microseconds. */
  readonly written: number;
}

export interface StoredRow {
  readonly keys: Readonly<Record<string, Value>>;
  cells: Record<string, Cell>;
  /** Of the row itself, which an INSERT sets: a row without live columns is there until then. */
  marker: number;
}

/** A partition of a table. */
interface Rows {
  /** By the values of the clustering key. */
  readonly byName: Map<string, StoredRow>;
  /** By the clustering key; undefined while they have to be sorted anew. */
  sorted: StoredRow[] | undefined;
}

/** Where a reader of a partition is: behind a row. */
type Place = StoredRow | 'start';

interface Page {
  readonly rows: CqlResult['rows'];
  /** Undefined at the end. */
  readonly after: Place | undefined;
}

/** Keys and values of a row, bytes. @see https://docs.aws.amazon.com/keyspaces/latest/devguide/quotas.html */
const ROW_LIMIT = 1024 * 1024;
const ROW_OVERHEAD = 100;
const PAGE_ROWS = 5;
/** How often the driver tries. */
const ATTEMPTS = 3;

interface Condition {
  readonly column: string;
  readonly operator: '=' | 'IN' | '<' | '<=' | '>' | '>=';
  /** Of `IN (?, ?)`: how many. @default - one */
  readonly values: number | undefined;
}

interface Statement {
  readonly verb: 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';
  readonly table: string;
  /** Of SELECT: those that are read; of INSERT and UPDATE: those that are written. */
  readonly columns: readonly string[];
  readonly where: readonly Condition[];
  readonly conditions: 'none' | 'not exists' | readonly string[];
  readonly using: readonly ('TTL' | 'TIMESTAMP')[];
  readonly limit: 'value' | number | undefined;
  readonly descending: boolean;
  /** For the history. */
  readonly what: string;
}

const names = (list: string) => list.split(',').map((each) => each.trim().split(/[\s=]/)[0]);

/** @throws Error for what is not in the part of CQL that this model knows */
export function parseStatement(text: string): Statement {
  let rest = text.trim();
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const match = pattern.exec(rest);
    if (!match) return undefined;
    rest = rest.slice(match[0].length).trim();
    return match;
  };
  const need = (pattern: RegExp): RegExpExecArray => {
    const match = take(pattern);
    if (!match) throw new Error(`the model of Keyspaces does not know '${rest}' of '${text}'`);
    return match;
  };
  const using: Statement['using'][number][] = [];
  const takeUsing = () => {
    if (!take(/^USING\b/)) return;
    do using.push(need(/^(TTL|TIMESTAMP) \?/)[1] as 'TTL');
    while (take(/^AND\b/));
  };
  const tableName = () => need(/^(?:"?\w+"?\.)?"?(\w+)"?/)[1];
  const verb = need(/^(SELECT|INSERT INTO|UPDATE|DELETE)\b/)[1].split(' ')[0] as Statement['verb'];
  let columns: string[] = [];
  let table: string;
  const where: Condition[] = [];
  if (verb === 'SELECT' || verb === 'DELETE') {
    if (verb === 'SELECT') columns = names(need(/^([\w, *]+?)(?= FROM\b)/)[1]);
    need(/^FROM\b/);
    table = tableName();
    takeUsing();
  } else {
    table = tableName();
    if (verb === 'INSERT') {
      columns = names(need(/^\(([\w, ]+)\)/)[1]);
      need(/^VALUES \(( *\?,?)+\)/);
    } else {
      takeUsing();
      columns = names(need(/^SET ((?:\w+ = \?(?:, )?)+)/)[1]);
    }
  }
  if (take(/^WHERE\b/)) {
    do {
      // Keyspaces documents IN with a list of values, and no list as one value.
      const [, column, operator, list] = need(/^(\w+) (=|IN(?= \()|<=|>=|<|>) (\?|\((?:\?(?:, )?)+\))/);
      const values = list === '?' ? undefined : list.split(',').length;
      where.push({ column, operator: operator as Condition['operator'], values });
    } while (take(/^AND\b/));
  }
  const descending = take(/^ORDER BY \w+ (ASC|DESC)/)?.[1] === 'DESC';
  const limited = take(/^LIMIT (\?|\d+)/)?.[1];
  let conditions: Statement['conditions'] = 'none';
  if (take(/^IF NOT EXISTS/)) conditions = 'not exists';
  else if (take(/^IF\b/)) {
    const found: string[] = [];
    do found.push(need(/^(\w+) = \?/)[1]);
    while (take(/^AND\b/));
    conditions = found;
  }
  takeUsing();
  if (rest !== '') need(/^$/);
  const limit = limited === undefined ? undefined : limited === '?' ? 'value' : Number(limited);
  return { verb, table, columns, where, conditions, using, limit, descending, what: `${verb} ${table}` };
}

/** Of a condition: one value, or those of IN. */
type Bound = Value | readonly Value[];

const plain = (value: CqlValue) => (value instanceof Date ? value.getTime() : (value as Value));

/** One value for each condition: those of `IN (?, ?)` become a list. */
function grouped({ where }: Statement, bound: readonly Bound[]): Bound[] {
  if (where.every(({ values }) => values === undefined)) return [...bound];
  const left = [...bound];
  const first = where.map(({ values }) => (values === undefined ? left.shift()! : (left.splice(0, values) as Value[])));
  return [...first, ...left];
}

const sizeOf = (value: Value) =>
  value === null ? 0 : typeof value === 'number' ? 8 : Buffer.isBuffer(value) ? value.length : Buffer.byteLength(value);

/** Of a key there are no other letters than those whose order is that of their bytes. */
const compare = (a: Value, b: Value) => {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string')
    return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
  return a === b ? 0 : a < b ? -1 : 1;
};

const keysOf = (columns: readonly string[], given: ReadonlyMap<string, Value>) =>
  Object.fromEntries(columns.map((column) => [column, given.get(column)!]));

const KEY_SEPARATOR = '\u0000';
const nameOf = (values: readonly Value[]) => values.join(KEY_SEPARATOR);

export class Keyspaces {
  /** By table, by the values of the partition key. */
  private readonly tables = new Map<string, Map<string, Rows>>();
  private readonly statements = new Map<string, Statement>();
  /** Called after each statement that wrote a row. */
  onWrite: (table: string, row: StoredRow) => void = () => undefined;

  constructor(
    private readonly world: World,
    readonly schema: Readonly<Record<string, TableSchema>>,
  ) {}

  session(process: Process): CqlSession {
    const failure = () => new StoreUnavailableError('the view store is not available: the coordinator timed out');
    return {
      execute: async (text, values) => {
        const statement = this.statementOf(text);
        const bound = grouped(statement, values.map(plain));
        const call = <T>(effect: () => T) =>
          process.call({
            ...({ service: 'keyspaces', failure, attempts: ATTEMPTS, effect } as const),
            what: statement.what,
          });
        if (statement.verb !== 'SELECT') return call(() => this.write(statement, bound));
        const rows: CqlResult['rows'][number][] = [];
        for (const read of this.pagesOf(statement, bound)) {
          for (let page: Page = { rows: [], after: 'start' }; page.after !== undefined;) {
            const { after } = page;
            page = await call(() => read(after));
            rows.push(...page.rows);
          }
        }
        const limit = this.limitOf(statement, bound);
        return { rows: rows.slice(0, limit), applied: true };
      },
      shutdown: () => Promise.resolve(),
    };
  }

  /** All live rows, for invariants. */
  *rows(table: string): Generator<StoredRow> {
    for (const rows of this.tables.get(table)?.values() ?? []) {
      for (const row of rows.byName.values()) if (this.isLive(row)) yield row;
    }
  }

  value(row: StoredRow, column: string): Value {
    if (column in row.keys) return row.keys[column];
    const cell = row.cells[column];
    return cell && cell.expires > this.world.now ? cell.value : null;
  }

  private statementOf(text: string): Statement {
    let statement = this.statements.get(text);
    if (!statement) this.statements.set(text, (statement = parseStatement(text)));
    return statement;
  }

  private schemaOf(table: string): TableSchema {
    const schema = this.schema[table];
    if (!schema) throw new Error(`table ${table} does not exist`);
    return schema;
  }

  private isLive(row: StoredRow): boolean {
    return (
      row.marker > this.world.now ||
      Object.values(row.cells).some(({ expires, value }) => value !== null && expires > this.world.now)
    );
  }

  private partition(table: string, key: string): Rows {
    let partitions = this.tables.get(table);
    if (!partitions) this.tables.set(table, (partitions = new Map()));
    let rows = partitions.get(key);
    if (!rows) partitions.set(key, (rows = { byName: new Map(), sorted: undefined }));
    return rows;
  }

  private order(table: string, a: StoredRow, b: StoredRow): number {
    for (const column of this.schemaOf(table).clusteringKey) {
      const order = compare(a.keys[column], b.keys[column]);
      if (order !== 0) return order;
    }
    return 0;
  }

  private sortedRows(table: string, rows: Rows): readonly StoredRow[] {
    return (rows.sorted ??= [...rows.byName.values()].sort((a, b) => this.order(table, a, b)));
  }

  private limitOf({ limit, where }: Statement, bound: readonly Bound[]): number {
    return limit === 'value' ? Number(bound[where.length]) : (limit ?? Infinity);
  }

  /** One reader for each partition of the store; it reads a page, behind a row. */
  private pagesOf(statement: Statement, bound: readonly Bound[]): ((after: Place) => Page)[] {
    const { table, columns, where, descending } = statement;
    const { partitionKey, clusteringKey, types } = this.schemaOf(table);
    const valuesOf = (column: string) => {
      const at = where.findIndex((each) => each.column === column && (each.operator === '=' || each.operator === 'IN'));
      if (at < 0) throw new Error(`a SELECT of ${table} must name ${column}`);
      return (where[at].operator === 'IN' ? bound[at] : [bound[at]]) as readonly Value[];
    };
    const keys = partitionKey.reduce<Value[][]>(
      (some, column) => some.flatMap((key) => valuesOf(column).map((value) => [...key, value])),
      [[]],
    );
    const others = where
      .map((condition, i) => ({ ...condition, value: bound[i] }))
      .filter(({ column }) => !partitionKey.includes(column));
    const matches = (row: StoredRow) =>
      others.every(({ column, operator, value }) => {
        const found = row.keys[column] ?? null;
        if (operator === 'IN') return (value as readonly Value[]).some((each) => compare(each, found) === 0);
        const order = compare(found, value as Value);
        if (operator === '=') return order === 0;
        return operator[0] === '<'
          ? order < 0 || (order === 0 && operator === '<=')
          : order > 0 || (order === 0 && operator === '>=');
      });
    const output = (row: StoredRow) => {
      const values: Record<string, unknown> = {};
      for (const column of columns) {
        const value = this.value(row, column);
        values[column] = value !== null && types[column] === 'timestamp' ? new Date(value as number) : value;
      }
      return values;
    };
    const wanted = clusteringKey.map((column) =>
      others.find((each) => each.column === column && each.operator === '='),
    );
    /** Of the only row that can be found. */
    const name = wanted.every((each) => each !== undefined)
      ? nameOf(wanted.map(({ value }) => value as Value))
      : undefined;
    const direction = descending ? -1 : 1;
    return keys.map((key) => (after) => {
      const partition = this.partition(table, nameOf(key));
      const page: StoredRow[] = [];
      if (name !== undefined) {
        const row = partition.byName.get(name);
        if (row && this.isLive(row) && matches(row)) page.push(row);
        return { rows: page.map(output), after: undefined };
      }
      const sorted = this.sortedRows(table, partition);
      for (let i = 0; i < sorted.length && page.length <= PAGE_ROWS; i++) {
        const row = sorted[descending ? sorted.length - 1 - i : i];
        if (after !== 'start' && direction * this.order(table, row, after) <= 0) continue;
        if (this.isLive(row) && matches(row)) page.push(row);
      }
      const more = page.length > PAGE_ROWS;
      if (more) page.pop();
      return { rows: page.map(output), after: more ? page[page.length - 1] : undefined };
    });
  }

  private write(statement: Statement, bound: readonly Bound[]): CqlResult {
    const { verb, table, columns, where, conditions, using } = statement;
    const { partitionKey, clusteringKey, ttl } = this.schemaOf(table);
    const { now } = this.world;
    // The values stand in the order of the text: INSERT … VALUES … USING, UPDATE … USING … SET … WHERE … IF.
    const values = [...bound] as Value[];
    const usingFirst = verb !== 'INSERT' ? values.splice(0, using.length) : [];
    const written = verb === 'DELETE' ? [] : values.splice(0, columns.length);
    const located = values.splice(0, where.length);
    const expected = Array.isArray(conditions) ? values.splice(0, conditions.length) : [];
    const used = verb === 'INSERT' ? values.splice(0, using.length) : usingFirst;
    const option = (name: 'TTL' | 'TIMESTAMP') =>
      using.includes(name) ? Number(used[using.indexOf(name)]) : undefined;
    const seconds = option('TTL') ?? ttl;
    const expires = seconds === undefined || seconds === 0 ? Infinity : now + seconds * 1_000;
    const timestamp = option('TIMESTAMP') ?? now * 1_000;
    const given = new Map<string, Value>(
      verb === 'INSERT'
        ? columns.map((name, i) => [name, written[i]])
        : where.map(({ column }, i) => [column, located[i]]),
    );
    const part = (columnsOf: readonly string[]) =>
      columnsOf.map((column) => {
        if (!given.has(column)) throw new Error(`a ${verb} of ${table} must name ${column}`);
        return given.get(column)!;
      });
    const rows = this.partition(table, nameOf(part(partitionKey)));
    if (verb === 'DELETE' && !clusteringKey.every((column) => given.has(column))) {
      rows.byName.clear();
      rows.sorted = undefined;
      return { rows: [], applied: true };
    }
    const name = nameOf(part(clusteringKey));
    const stored = rows.byName.get(name);
    const live = stored && this.isLive(stored) ? stored : undefined;
    const holds =
      conditions === 'none' ||
      (conditions === 'not exists' && !live) ||
      (Array.isArray(conditions) &&
        live !== undefined &&
        (conditions as readonly string[]).every((column, i) => {
          const value = this.value(live, column);
          return value !== null && expected[i] !== null ? compare(value, expected[i]) === 0 : value === expected[i];
        }));
    if (!holds) return { rows: [], applied: false };
    if (verb === 'DELETE') {
      rows.byName.delete(name);
      rows.sorted = undefined;
      return { rows: [], applied: true };
    }
    const keys = stored?.keys ?? keysOf([...partitionKey, ...clusteringKey], given);
    const cells = { ...live?.cells };
    columns.forEach((column, i) => {
      if (column in keys) return;
      const before = cells[column];
      if (before && before.written > timestamp) return;
      cells[column] = { value: written[i], expires, written: timestamp };
    });
    let bytes = ROW_OVERHEAD;
    for (const column in keys) bytes += sizeOf(keys[column]);
    for (const column in cells) bytes += sizeOf(cells[column].value);
    if (bytes > ROW_LIMIT) throw new Error(`a row of ${table} has ${bytes} bytes, at most ${ROW_LIMIT} are allowed`);
    const marker = verb === 'INSERT' ? expires : (live?.marker ?? 0);
    const row: StoredRow = stored ? Object.assign(stored, { cells, marker }) : { keys, cells, marker };
    if (!stored) {
      rows.byName.set(name, row);
      rows.sorted = undefined;
    }
    this.onWrite(table, row);
    return { rows: [], applied: true };
  }
}
