/** The tables of the view store as the template defines them, in a keyspace of a suite's own. */
import { connect, type CqlSession } from '../../../lambda/aws/keyspaces/keyspaces';
import { tableName } from '../../../lambda/aws/keyspaces/cql';
import { keyspacesStore, type Store, type Tables } from '../../../lambda/aws/keyspaces/store';
import { type CassandraEngine, type TableProperties } from '../../../tools/engines';

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
