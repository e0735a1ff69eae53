import {
  type ExistingColumn,
  type TableProperties,
  alterTable,
  createKeyspace,
  createTable,
  isKeyspacesType,
} from '../../../../tools/engines/keyspaces-ddl';

const column = (ColumnName: string, ColumnType: string) => ({ ColumnName, ColumnType });

const table: TableProperties = {
  KeyspaceName: 'pipeline',
  TableName: 'speed_views',
  PartitionKeyColumns: [column('view_name', 'text'), column('interval_start', 'timestamp')],
  ClusteringKeyColumns: [{ Column: column('kafka_partition', 'int'), OrderBy: 'DESC' }],
  RegularColumns: [column('applied_offset', 'bigint'), column('counts', 'blob')],
  DefaultTimeToLive: 86400,
};

describe('CREATE KEYSPACE', () => {
  it('puts one replica in a data centre named like the region', () => {
    expect(createKeyspace({ KeyspaceName: 'pipeline' }, 'eu-west-1')).toBe(
      `CREATE KEYSPACE IF NOT EXISTS "pipeline" WITH replication = {'class': 'NetworkTopologyStrategy', 'eu-west-1': 1}`,
    );
  });

  it.each(['a', 'with-dash', 'x'.repeat(49), '_hidden', 'x"; DROP'])(
    'rejects the name %s, as CloudFormation does',
    (name) => {
      expect(() => createKeyspace({ KeyspaceName: name }, 'us-east-1')).toThrow(`keyspace '${name}' is not allowed`);
    },
  );
});

describe('CREATE TABLE', () => {
  it('has partition key, clustering key with its order, columns and time to live', () => {
    expect(createTable(table)).toBe(
      'CREATE TABLE IF NOT EXISTS "pipeline"."speed_views" ("view_name" text, "interval_start" timestamp, "kafka_partition" int, ' +
        '"applied_offset" bigint, "counts" blob, PRIMARY KEY (("view_name", "interval_start"), "kafka_partition")) ' +
        'WITH CLUSTERING ORDER BY ("kafka_partition" DESC) AND default_time_to_live = 86400',
    );
  });

  it('needs neither clustering key nor other columns nor time to live', () => {
    const { KeyspaceName, TableName } = table;
    expect(createTable({ KeyspaceName, TableName, PartitionKeyColumns: [column('name', 'text')] })).toBe(
      'CREATE TABLE IF NOT EXISTS "pipeline"."speed_views" ("name" text, PRIMARY KEY (("name"))) WITH default_time_to_live = 0',
    );
  });

  it('rejects a type that Keyspaces does not have, naming column and value', () => {
    const wrong = { ...table, RegularColumns: [column('counts', 'string')] };
    expect(() => createTable(wrong)).toThrow("column speed_views.counts has type 'string': allowed are ascii, bigint");
  });

  it('rejects a collection in the key', () => {
    const wrong = { ...table, PartitionKeyColumns: [column('tags', 'set<text>')] };
    expect(() => createTable(wrong)).toThrow("column speed_views.tags of type 'set<text>' cannot be part of the key");
  });

  it('rejects a column that is defined twice', () => {
    const wrong = { ...table, RegularColumns: [column('interval_start', 'timestamp')] };
    expect(() => createTable(wrong)).toThrow('table speed_views has column interval_start twice');
  });

  it('rejects a column name of one letter', () => {
    const wrong = { ...table, RegularColumns: [column('n', 'int')] };
    expect(() => createTable(wrong)).toThrow("column of table speed_views 'n' is not allowed");
  });

  it('rejects a table without partition key', () => {
    expect(() => createTable({ ...table, PartitionKeyColumns: [] })).toThrow('at least one of PartitionKeyColumns');
  });

  it.each([-1, 1.5, 630_720_001, 'soon'])('rejects %s as time to live', (seconds) => {
    expect(() => createTable({ ...table, DefaultTimeToLive: seconds })).toThrow(`got '${seconds}'`);
  });
});

describe('types of Keyspaces', () => {
  it.each([
    'int',
    'frozen<map<text, bigint>>',
    'list<frozen<set<int>>>',
    'tuple<int, text, blob>',
    'map<text,frozen<map<int, int>>>',
  ])('include %s', (type) => expect(isKeyspacesType(type)).toBe(true));

  it.each(['string', 'vector<float, 3>', 'map<text>', 'list<int, int>', 'duration', 'set<>', 'INT', ''])(
    'do not include %s',
    (type) => expect(isKeyspacesType(type)).toBe(false),
  );
});

describe('ALTER TABLE', () => {
  const existing: ExistingColumn[] = [
    { name: 'view_name', type: 'text', kind: 'partition_key' },
    { name: 'interval_start', type: 'timestamp', kind: 'partition_key' },
    { name: 'kafka_partition', type: 'int', kind: 'clustering' },
    { name: 'applied_offset', type: 'bigint', kind: 'regular' },
    { name: 'counts', type: 'blob', kind: 'regular' },
  ];
  const ttl = 'ALTER TABLE "pipeline"."speed_views" WITH default_time_to_live = 86400';

  it('only sets the time to live of a table that has all its columns', () => {
    expect(alterTable(table, existing)).toEqual([ttl]);
  });

  it('adds a regular column that is missing', () => {
    expect(alterTable(table, existing.slice(0, 4))).toEqual([
      'ALTER TABLE "pipeline"."speed_views" ADD "counts" blob',
      ttl,
    ]);
  });

  it('rejects another type, which would replace the table', () => {
    const other = existing.map((it) => (it.name === 'counts' ? { ...it, type: 'text' } : it));
    expect(() => alterTable(table, other)).toThrow('table speed_views exists with another column counts');
  });

  it('rejects a new key column', () => {
    expect(() =>
      alterTable(
        table,
        existing.filter((it) => it.name !== 'interval_start'),
      ),
    ).toThrow('another column interval_start');
  });

  it('rejects dropping a column', () => {
    const more: ExistingColumn[] = [...existing, { name: 'as_of', type: 'timestamp', kind: 'regular' }];
    expect(() => alterTable(table, more)).toThrow('table speed_views exists with column as_of, which is gone');
  });
});
