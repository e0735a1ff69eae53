import { Client, type types } from 'cassandra-driver';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOGBACK, MODULE_FLAGS, cassandraYaml } from './cassandra-config';
import { type Archived, archiveFlags, archivingWithin } from './class-archive';
import { findJava } from './java.cjs';
import {
  type ExistingColumn,
  type KeyspaceProperties,
  type TableProperties,
  alterTable,
  createKeyspace,
  createTable,
} from './keyspaces-ddl';
import { type Engine, startEngine } from './engine';
import { jmxAgent } from './jmx-exporter';
import { installed } from './paths';
import { HOST, claimPort, freePort, isOpen } from './ports';
import { supervise } from './supervise';

export interface CassandraOptions extends Archived {
  /** Absolute folder for data, configuration and log. */
  readonly dir: string;
  /** Whether data survives kill -9. If not, schema changes are ten times as fast, but kill -9 loses the schema. */
  readonly persistent: boolean;
  /** @default - a free port */
  readonly port?: number;
  /** Name of the data centre, as in Keyspaces. */
  readonly region: string;
  /** Whether it runs the JMX exporter. @default false */
  readonly exporter?: boolean;
}

/** A running Apache Cassandra node that rejects most of what Amazon Keyspaces rejects. */
export interface CassandraEngine extends Engine {
  readonly host: string;
  readonly port: number;
  /** `cassandra://app:app@127.0.0.1:PORT`: an ordinary role, subject to the guardrails. */
  readonly endpointUrl: string;
  /** `127.0.0.1:PORT` of the JMX exporter, if it runs. */
  readonly exporter?: string;
  /** A client with all permissions, for set-up and fixtures. The caller shuts it down. */
  superuser(): Client;
  /** Creates keyspaces and tables from their CloudFormation properties, or adds what existing tables lack. */
  applySchema(keyspaces: readonly KeyspaceProperties[], tables: readonly TableProperties[]): Promise<void>;
}

function connect(port: number, region: string, username: string, password: string): Client {
  return new Client({
    contactPoints: [`${HOST}:${port}`],
    localDataCenter: region,
    credentials: { username, password },
    queryOptions: { prepare: true },
    // One node and short work: a second connection would only cost time.
    pooling: { coreConnectionsPerHost: { 0: 1, 1: 1, 2: 1 } },
  });
}

async function withSuperuser<T>(port: number, region: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = connect(port, region, 'cassandra', 'cassandra');
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.shutdown();
  }
}

async function existingColumns(client: Client, table: TableProperties): Promise<ExistingColumn[]> {
  const { rows } = await client.execute(
    'SELECT column_name, type, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?',
    [table.KeyspaceName, table.TableName],
  );
  return rows.map((row: types.Row) => ({ name: row.column_name, type: row.type, kind: row.kind }));
}

async function applySchema(
  client: Client,
  region: string,
  keyspaces: readonly KeyspaceProperties[],
  tables: readonly TableProperties[],
): Promise<void> {
  // Not prepared: each statement runs once.
  const run = (statement: string) => client.execute(statement, [], { prepare: false });
  for (const keyspace of keyspaces) {
    await run(createKeyspace(keyspace, region));
  }
  for (const table of tables) {
    const create = createTable(table);
    const existing = await existingColumns(client, table);
    for (const statement of existing.length === 0 ? [create] : alterTable(table, existing)) {
      await run(statement);
    }
  }
}

/**
 * Starts Apache Cassandra, waits until it serves queries, and creates the role `app`.
 * @throws Error of one line (Java missing, port in use, folder in use), or with the end of the log
 */
export async function startCassandra(options: CassandraOptions): Promise<CassandraEngine> {
  const java = findJava();
  const classpath = installed('cassandra') + '/*';
  const { dir, region } = options;
  const native = await claimPort('cassandra', options.port);
  const storage = await freePort();
  const exporter = options.exporter === true ? await freePort() : undefined;
  mkdirSync(join(dir, 'triggers'), { recursive: true });
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return `file:${join(dir, name)}`;
  };
  const args = [
    '-Xmx512m',
    '-Xms64m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...archiveFlags('cassandra', options),
    '-XX:+ExitOnOutOfMemoryError',
    '-Xss512k',
    // Native libraries are unpacked there, and remain after kill -9.
    `-Djava.io.tmpdir=${dir}`,
    ...MODULE_FLAGS,
    `-Dcassandra.config=${file('cassandra.yaml', cassandraYaml(dir, { native, storage }, options.persistent))}`,
    `-Dlogback.configurationFile=${file('logback.xml', LOGBACK)}`,
    `-Dcassandra-rackdc.properties=${file('cassandra-rackdc.properties', `dc=${region}\nrack=r1\n`)}`,
    `-Dcassandra.storagedir=${dir}`,
    `-Dcassandra.logdir=${dir}`,
    `-Dcassandra.triggers_dir=${join(dir, 'triggers')}`,
    '-Dcassandra-foreground=yes',
    // A single node has no other to wait for.
    '-Dcassandra.ring_delay_ms=0',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.shutdown_announce_in_ms=0',
    '-Dcassandra.superuser_setup_delay_ms=0',
    ...(exporter === undefined ? [] : [jmxAgent('cassandra', dir, exporter)]),
    ...(options.persistent ? [] : ['-Dcassandra.unsafesystem=true']),
    '-cp',
    classpath,
    'org.apache.cassandra.service.CassandraDaemon',
  ];
  const start = () =>
    supervise({
      name: 'cassandra',
      dir,
      command: java.command,
      args,
      stopWithin: archivingWithin(options),
      ready: async () => {
        if (!(await isOpen(native))) {
          return false;
        }
        await withSuperuser(native, region, (client) =>
          client.execute("CREATE ROLE IF NOT EXISTS app WITH LOGIN = true AND PASSWORD = 'app'", [], {
            prepare: false,
          }),
        );
        return true;
      },
    });
  return startEngine<CassandraEngine>(start, {
    host: HOST,
    port: native,
    endpointUrl: `cassandra://app:app@${HOST}:${native}`,
    exporter: exporter === undefined ? undefined : `${HOST}:${exporter}`,
    superuser: () => connect(native, region, 'cassandra', 'cassandra'),
    applySchema: (keyspaces, tables) =>
      withSuperuser(native, region, (client) => applySchema(client, region, keyspaces, tables)),
  });
}
