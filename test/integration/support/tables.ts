/** The tables of the view store as the template defines them, in a keyspace of a suite's own. */
import { connect, type CqlSession } from '../../../lambda/shared/keyspaces';
import { tableName } from '../../../lambda/shared/cql';
import { keyspacesStore, type Store, type Tables } from '../../../lambda/shared/store';
import { type CassandraEngine } from '../../../local/engines/cassandra';
import { type TableProperties } from '../../../local/engines/keyspaces-ddl';

const REGION = 'us-east-1';
const column = (name: string, type: string) => ({ ColumnName: name, ColumnType: type });

function tableProperties(keyspace: string): TableProperties[] {
  return [
    {
      KeyspaceName: keyspace,
      TableName: 'speed_views',
      PartitionKeyColumns: [column('view_name', 'text'), column('bucket', 'timestamp')],
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
      RegularColumns: [column('counts', 'blob')],
    },
    {
      KeyspaceName: keyspace,
      TableName: 'boundary',
      PartitionKeyColumns: [column('name', 'text')],
      RegularColumns: [
        column('bucket', 'timestamp'),
        column('first_bucket', 'timestamp'),
        column('published_at', 'timestamp'),
        column('drift', 'bigint'),
        column('reconciled_bucket', 'timestamp'),
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
    boundary: tableName(keyspace, 'boundary'),
  };
  return { store: keyspacesStore(session, tables), session, tables };
}

export { REGION };
