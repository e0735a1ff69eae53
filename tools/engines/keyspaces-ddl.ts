/**
 * The `AWS::Cassandra::Keyspace` and `AWS::Cassandra::Table` resources of a template as CQL for Apache Cassandra. Amazon
 * Keyspaces' own CQL cannot be used: `CUSTOM_PROPERTIES` and `SingleRegionStrategy` are syntax errors in Cassandra.
 */

/** The properties of `AWS::Cassandra::Keyspace` that are used here. */
export interface KeyspaceProperties {
  readonly KeyspaceName: string;
}

export interface ColumnProperty {
  readonly ColumnName: string;
  readonly ColumnType: string;
}

/**
 * The properties of `AWS::Cassandra::Table` that are used here.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cassandra-table.html
 */
export interface TableProperties {
  readonly KeyspaceName: string;
  readonly TableName: string;
  readonly PartitionKeyColumns: readonly ColumnProperty[];
  readonly ClusteringKeyColumns?: readonly { readonly Column: ColumnProperty; readonly OrderBy?: 'ASC' | 'DESC' }[];
  readonly RegularColumns?: readonly ColumnProperty[];
  /** Seconds; 0 or absent: rows do not expire. */
  readonly DefaultTimeToLive?: number | string;
}

/** A column, as in `system_schema.columns`. */
export interface ExistingColumn {
  readonly name: string;
  readonly type: string;
  readonly kind: 'partition_key' | 'clustering' | 'regular' | 'static';
}

/** Names of keyspaces, tables and columns that CloudFormation accepts. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_]{1,47}$/;
const SCALARS =
  'ascii bigint blob boolean counter date decimal double float inet int smallint text time timestamp timeuuid tinyint uuid varchar varint'.split(
    ' ',
  );
const NOT_IN_KEYS = new Set(['counter']);
/** 20 years. */
const LONGEST_TTL = 630_720_000;

function checkName(what: string, name: string): string {
  if (!NAME.test(name)) {
    throw new Error(
      `${what} '${name}' is not allowed: 2 to 48 letters, digits and underscores, beginning with a letter or digit`,
    );
  }
  return `"${name}"`;
}

/** Splits `text, frozen<map<text, int>>` at the commas that are not inside brackets. */
function typeArguments(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= list.length; at++) {
    if (at === list.length || (list[at] === ',' && depth === 0)) {
      parts.push(list.slice(from, at).trim());
      from = at + 1;
    } else if (list[at] === '<') {
      depth++;
    } else if (list[at] === '>') {
      depth--;
    }
  }
  return parts;
}

const ARITY: Readonly<Record<string, number>> = { frozen: 1, list: 1, set: 1, map: 2 };

/** Whether Keyspaces has the type: a scalar, or a collection of such types. */
export function isKeyspacesType(type: string): boolean {
  if (SCALARS.includes(type)) {
    return true;
  }
  const collection = /^(frozen|list|set|map|tuple)<(.+)>$/.exec(type.trim());
  if (collection === null) {
    return false;
  }
  const inner = typeArguments(collection[2]);
  return (collection[1] === 'tuple' || inner.length === ARITY[collection[1]]) && inner.every(isKeyspacesType);
}

function checkColumn(table: string, column: ColumnProperty, inKey: boolean): string {
  const name = checkName(`column of table ${table}`, column.ColumnName);
  if (!isKeyspacesType(column.ColumnType)) {
    throw new Error(
      `column ${table}.${column.ColumnName} has type '${column.ColumnType}': allowed are ${SCALARS.join(', ')} and collections of them`,
    );
  }
  if (inKey && (NOT_IN_KEYS.has(column.ColumnType) || /^(list|set|map)</.test(column.ColumnType))) {
    throw new Error(`column ${table}.${column.ColumnName} of type '${column.ColumnType}' cannot be part of the key`);
  }
  return `${name} ${column.ColumnType}`;
}

function timeToLive(table: TableProperties): number {
  const seconds = Number(table.DefaultTimeToLive ?? 0);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > LONGEST_TTL) {
    throw new Error(
      `DefaultTimeToLive of table ${table.TableName} must be 0 to ${LONGEST_TTL} seconds, got '${table.DefaultTimeToLive}'`,
    );
  }
  return seconds;
}

/**
 * `CREATE KEYSPACE` with one replica in the data centre named like the region.
 * @throws Error naming the keyspace, if Keyspaces would reject the name
 */
export function createKeyspace(keyspace: KeyspaceProperties, region: string): string {
  const name = checkName('keyspace', keyspace.KeyspaceName);
  return `CREATE KEYSPACE IF NOT EXISTS ${name} WITH replication = {'class': 'NetworkTopologyStrategy', '${region}': 1}`;
}

/**
 * `CREATE TABLE`. Names are quoted, because CloudFormation preserves their case: code that writes a mixed-case name without
 * quotes fails here as it does in Keyspaces.
 * @throws Error naming the table or column, the value, and what is allowed
 */
export function createTable(table: TableProperties): string {
  const name = `${checkName('keyspace', table.KeyspaceName)}.${checkName('table', table.TableName)}`;
  const clustering = table.ClusteringKeyColumns ?? [];
  const regular = table.RegularColumns ?? [];
  if (table.PartitionKeyColumns.length === 0) {
    throw new Error(`table ${table.TableName} needs at least one of PartitionKeyColumns`);
  }
  const columns = [
    ...table.PartitionKeyColumns.map((column) => checkColumn(table.TableName, column, true)),
    ...clustering.map(({ Column }) => checkColumn(table.TableName, Column, true)),
    ...regular.map((column) => checkColumn(table.TableName, column, false)),
  ];
  const names = columnNames(table);
  const twice = names.find((column, at) => names.indexOf(column) !== at);
  if (twice !== undefined) {
    throw new Error(`table ${table.TableName} has column ${twice} twice`);
  }
  const quoted = (list: readonly ColumnProperty[]) => list.map((column) => `"${column.ColumnName}"`).join(', ');
  const key = [`(${quoted(table.PartitionKeyColumns)})`, ...clustering.map(({ Column }) => `"${Column.ColumnName}"`)];
  const options = [`default_time_to_live = ${timeToLive(table)}`];
  if (clustering.length > 0) {
    const order = clustering.map(({ Column, OrderBy }) => `"${Column.ColumnName}" ${OrderBy ?? 'ASC'}`);
    options.unshift(`CLUSTERING ORDER BY (${order.join(', ')})`);
  }
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns.join(', ')}, PRIMARY KEY (${key.join(', ')})) WITH ${options.join(' AND ')}`;
}

function columnNames(table: TableProperties): string[] {
  const clustering = (table.ClusteringKeyColumns ?? []).map(({ Column }) => Column);
  return [...table.PartitionKeyColumns, ...clustering, ...(table.RegularColumns ?? [])].map(
    (column) => column.ColumnName,
  );
}

/**
 * Statements that update an existing table as CloudFormation does without replacing it: new regular columns and another time
 * to live.
 * @throws Error naming the column, if the change would replace the table
 */
export function alterTable(table: TableProperties, existing: readonly ExistingColumn[]): string[] {
  const name = `"${table.KeyspaceName}"."${table.TableName}"`;
  const wanted = [
    ...table.PartitionKeyColumns.map((column) => ({ ...column, kind: 'partition_key' })),
    ...(table.ClusteringKeyColumns ?? []).map(({ Column }) => ({ ...Column, kind: 'clustering' })),
    ...(table.RegularColumns ?? []).map((column) => ({ ...column, kind: 'regular' })),
  ];
  const canonical = (type: string) => type.replaceAll(' ', '').replaceAll('varchar', 'text');
  const statements: string[] = [];
  for (const column of wanted) {
    const found = existing.find((other) => other.name === column.ColumnName);
    if (found === undefined && column.kind === 'regular') {
      statements.push(`ALTER TABLE ${name} ADD "${column.ColumnName}" ${column.ColumnType}`);
    } else if (found?.kind !== column.kind || canonical(found.type) !== canonical(column.ColumnType)) {
      throw new Error(
        `table ${table.TableName} exists with another column ${column.ColumnName}: that needs a new table, or new data folders`,
      );
    }
  }
  const gone = existing.find((column) => !wanted.some((other) => other.ColumnName === column.name));
  if (gone !== undefined) {
    throw new Error(
      `table ${table.TableName} exists with column ${gone.name}, which is gone: columns cannot be removed`,
    );
  }
  return [...statements, `ALTER TABLE ${name} WITH default_time_to_live = ${timeToLive(table)}`];
}
