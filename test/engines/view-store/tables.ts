/** The tables of the view store as the template defines them, in a keyspace of a suite's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type CqlSession } from '../../../lambda/aws/keyspaces/keyspaces';
import { tableName } from '../../../lambda/aws/keyspaces/cql';
import { keyspacesStore, type Store, type Tables } from '../../../lambda/aws/keyspaces/store';
import { TABLES } from '../../../lib/constructs/view-store';
import { type CassandraEngine, startCassandra, type TableProperties } from '../../../tools/engines';

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
