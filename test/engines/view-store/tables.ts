/** The tables of the view store as the template defines them, in a keyspace of a suite's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type CqlSession } from '../../../lambda/aws/keyspaces/keyspaces';
import { tableName } from '../../../lambda/aws/keyspaces/cql';
import { keyspacesStore, type Store, type Tables } from '../../../lambda/aws/keyspaces/store';
import { type CassandraEngine, startCassandra, type TableProperties } from '../../../tools/engines';

const REGION = 'us-east-1';
const column = (name: string, type: string) => ({ ColumnName: name, ColumnType: type });

function tableProperties(keyspace: string): TableProperties[] {
  return [
    {
      KeyspaceName: keyspace,
      TableName: 'speed_views',
      PartitionKeyColumns: [column('view_name', 'text'), column('interval_start', 'timestamp')],
      ClusteringKeyColumns: [{ Column: column('kafka_partition', 'int') }],
      RegularColumns: [column('applied_offset', 'bigint'), column('as_of', 'timestamp'), column('counts', 'blob')],
      DefaultTimeToLive: 3600,
    },
    {
      KeyspaceName: keyspace,
      TableName: 'speed_state',
      PartitionKeyColumns: [column('topic', 'text'), column('kafka_partition', 'int')],
      RegularColumns: [column('applied_offset', 'bigint'), column('state', 'blob')],
    },
    {
      KeyspaceName: keyspace,
      TableName: 'batch_views',
      PartitionKeyColumns: [column('view_name', 'text'), column('period', 'text')],
      RegularColumns: [
        column('version', 'text'),
        column('chunks', 'int'),
        column('counts', 'blob'),
        column('first_keys', 'blob'),
      ],
    },
    {
      KeyspaceName: keyspace,
      TableName: 'batch_runs',
      PartitionKeyColumns: [
        column('view_name', 'text'),
        column('period', 'text'),
        column('version', 'text'),
        column('block', 'int'),
      ],
      ClusteringKeyColumns: [{ Column: column('chunk', 'int') }],
      RegularColumns: [column('counts', 'blob')],
    },
    {
      KeyspaceName: keyspace,
      TableName: 'unreferenced_runs',
      PartitionKeyColumns: [column('topic', 'text')],
      ClusteringKeyColumns: [
        { Column: column('view_name', 'text') },
        { Column: column('period', 'text') },
        { Column: column('version', 'text') },
      ],
      RegularColumns: [column('since', 'timestamp')],
    },
    {
      KeyspaceName: keyspace,
      TableName: 'boundary',
      PartitionKeyColumns: [column('name', 'text')],
      RegularColumns: [
        column('interval_start', 'timestamp'),
        column('first_interval', 'timestamp'),
        column('published_at', 'timestamp'),
        column('drift', 'bigint'),
        column('reconciled_interval', 'timestamp'),
        column('interval_minutes', 'int'),
      ],
    },
  ];
}

export interface TestStore {
  readonly store: Store;
  readonly session: CqlSession;
  readonly tables: Tables;
}

/** Creates the tables and opens a session as the ordinary role, which the guardrails bind. The caller shuts it down. */
export async function createStore(cassandra: CassandraEngine, keyspace: string): Promise<TestStore> {
  await cassandra.applySchema([{ KeyspaceName: keyspace }], tableProperties(keyspace));
  const session = connect({ AWS_REGION: REGION, AWS_ENDPOINT_URL_KEYSPACES: cassandra.endpointUrl });
  const tables: Tables = {
    speedViews: tableName(keyspace, 'speed_views'),
    speedState: tableName(keyspace, 'speed_state'),
    batchViews: tableName(keyspace, 'batch_views'),
    batchRuns: tableName(keyspace, 'batch_runs'),
    unreferencedRuns: tableName(keyspace, 'unreferenced_runs'),
    boundary: tableName(keyspace, 'boundary'),
  };
  return { store: keyspacesStore(session, tables), session, tables };
}

export { REGION };

export interface CassandraFixture extends TestStore {
  readonly cassandra: CassandraEngine;
}

/** The one of this test file, from the first that needs it to the last. */
let shared: { readonly dir: string; readonly starting: Promise<CassandraEngine> } | undefined;
let users = 0;

function sharedCassandra(): Promise<CassandraEngine> {
  if (shared === undefined) {
    const dir = mkdtempSync(join(tmpdir(), 'view-store-'));
    shared = { dir, starting: startCassandra({ dir, persistent: false, region: REGION }) };
  }
  return shared.starting;
}

/**
 * A keyspace with the tables in the Cassandra that all suites of a test file share, for the suite that calls this; `current()` is
 * there from the first test on.
 */
export function useCassandra(keyspace: string): { current(): CassandraFixture } {
  let cassandra: CassandraEngine;
  let opened: TestStore;
  users++;
  beforeAll(async () => {
    cassandra = await sharedCassandra();
    opened = await createStore(cassandra, keyspace);
  }, 120_000);
  afterAll(async () => {
    await opened?.session.shutdown();
    if (--users > 0 || shared === undefined) return;
    const { dir, starting } = shared;
    await starting.then((engine) => engine.kill9()).catch(() => undefined);
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);
  return { current: () => ({ cassandra, ...opened }) };
}
