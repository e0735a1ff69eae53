/** The tables of the view store as the template defines them, in a keyspace of a suite's own. */
import { connect, type CqlSession } from '../../../lambda/aws/keyspaces/keyspaces';
import { tableName } from '../../../lambda/aws/keyspaces/cql';
import { type Store, type Tables } from '../../../lambda/aws/keyspaces/store';
import { keyspacesStore } from '../../../lambda/aws/keyspaces/writer';
import { TABLES } from '../../../lib/constructs/view-store';
import { type CassandraEngine, type TableProperties } from '../../../tools/engines';

const REGION = 'us-east-1';
/** How long rows of tables that expire live, seconds. */
export const TTL = 3_600;

function tableProperties(keyspace: string): TableProperties[] {
  const columns = (all: Readonly<Record<string, string>>) =>
    Object.entries(all).map(([ColumnName, ColumnType]) => ({ ColumnName, ColumnType }));
  return Object.values(TABLES).map(({ name, partitionKey, clusteringKey = {}, columns: regular, expires }) => ({
    KeyspaceName: keyspace,
    TableName: name,
    PartitionKeyColumns: columns(partitionKey),
    ClusteringKeyColumns: columns(clusteringKey).map((Column) => ({ Column })),
    RegularColumns: columns(regular),
    ...(expires && { DefaultTimeToLive: TTL }),
  }));
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
  const names = Object.entries(TABLES).map(([table, { name }]) => [table, tableName(keyspace, name)] as const);
  const tables = Object.fromEntries(names) as Record<keyof Tables, string>;
  return { store: keyspacesStore(session, tables), session, tables };
}
