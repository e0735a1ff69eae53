import { Duration, Stack } from 'aws-cdk-lib';
import { CfnKeyspace, CfnTable, type CfnTableProps } from 'aws-cdk-lib/aws-cassandra';
import { type IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { ENV, type EnvName } from '../../lambda/runtime/env';
import { type PipelineConfig } from '../config';
import { acknowledgeResources } from '../rules/acknowledge';
import { grantUse } from './pipeline-key';
import { type PipelineFunction } from './pipeline-function';
import { applyRemoval, removalPolicy } from './removal';

/** `r` reads, `rw` reads and writes (a conditional write reads too). */
export type TableAccess = 'r' | 'rw';
export type ViewTable = 'speedViews' | 'speedState' | 'batchViews' | 'batchRuns' | 'unreferencedRuns' | 'boundary';
export type ViewStoreAccess = Readonly<Partial<Record<ViewTable, TableAccess>>>;

type Columns = Readonly<Record<string, 'text' | 'timestamp' | 'int' | 'bigint' | 'blob'>>;

interface TableDefinition {
  readonly name: string;
  readonly env: EnvName;
  readonly partitionKey: Columns;
  readonly clusteringKey?: Columns;
  /** Only ever appended to: a changed name or type replaces the table. */
  readonly columns: Columns;
}

/**
 * Names are fixed: statements are written with them, and CloudFormation's own would differ in every copy. What differs per
 * copy is the keyspace.
 */
const TABLES: Readonly<Record<ViewTable, TableDefinition>> = {
  speedViews: {
    name: 'speed_views',
    env: ENV.speedViews,
    partitionKey: { view_name: 'text', interval_start: 'timestamp' },
    clusteringKey: { kafka_partition: 'int' },
    columns: { applied_offset: 'bigint', as_of: 'timestamp', counts: 'blob' },
  },
  speedState: {
    name: 'speed_state',
    env: ENV.speedState,
    partitionKey: { topic: 'text', kafka_partition: 'int' },
    columns: { applied_offset: 'bigint', state: 'blob' },
  },
  batchViews: {
    name: 'batch_views',
    env: ENV.batchViews,
    partitionKey: { view_name: 'text', period: 'text' },
    columns: { version: 'text', chunks: 'int', counts: 'blob', first_keys: 'blob' },
  },
  batchRuns: {
    name: 'batch_runs',
    env: ENV.batchRuns,
    partitionKey: { view_name: 'text', period: 'text', version: 'text', block: 'int' },
    clusteringKey: { chunk: 'int' },
    columns: { counts: 'blob' },
  },
  unreferencedRuns: {
    name: 'unreferenced_runs',
    env: ENV.unreferencedRuns,
    partitionKey: { topic: 'text' },
    clusteringKey: { view_name: 'text', period: 'text', version: 'text' },
    columns: { since: 'timestamp' },
  },
  boundary: {
    name: 'boundary',
    env: ENV.boundary,
    partitionKey: { name: 'text' },
    columns: {
      interval_start: 'timestamp',
      first_interval: 'timestamp',
      published_at: 'timestamp',
      drift: 'bigint',
      reconciled_interval: 'timestamp',
    },
  },
};

export interface ViewStoreProps {
  readonly config: PipelineConfig;
  /** @default - the key of the service */
  readonly key?: IKey;
}

/** The keyspace and tables from which views are served: Amazon Keyspaces, on demand. */
export class ViewStore extends Construct {
  public readonly keyspaceName: string;
  public readonly keyspace: CfnKeyspace;
  public readonly tables: Readonly<Record<ViewTable, CfnTable>>;
  private readonly key?: IKey;

  constructor(scope: Construct, id: string, props: ViewStoreProps) {
    super(scope, id);
    const { config } = props;
    this.key = props.key;
    this.keyspaceName = `${config.project}_${config.stage}`;
    this.keyspace = new CfnKeyspace(this, 'Keyspace', {
      keyspaceName: this.keyspaceName,
      replicationSpecification: { replicationStrategy: 'SINGLE_REGION' },
    });
    this.tables = {
      speedViews: this.table('SpeedViews', TABLES.speedViews, {
        defaultTimeToLive: Duration.hours(config.speedTtlHours).toSeconds(),
        // With timestamps of the server, each write to a table with a TTL costs a read.
        clientSideTimestampsEnabled: true,
      }),
      speedState: this.table('SpeedState', TABLES.speedState),
      batchViews: this.table('BatchViews', TABLES.batchViews),
      batchRuns: this.table('BatchRuns', TABLES.batchRuns),
      unreferencedRuns: this.table('UnreferencedRuns', TABLES.unreferencedRuns),
      boundary: this.table('Boundary', TABLES.boundary),
    };
    applyRemoval(removalPolicy(config), this.keyspace, ...Object.values(this.tables));
  }

  /** Names the keyspace and the given tables to a function, with the right to read or to read and write each. */
  public bind(fn: PipelineFunction, access: ViewStoreAccess): void {
    fn.setEnvironment({ [ENV.keyspace]: this.keyspaceName });
    const arns: Record<TableAccess, string[]> = { r: [], rw: [] };
    for (const [table, mode] of Object.entries(access) as [ViewTable, TableAccess][]) {
      fn.setEnvironment({ [TABLES[table].env]: TABLES[table].name });
      arns[mode].push(this.arn(`keyspace/${this.keyspaceName}/table/${TABLES[table].name}`));
    }
    // Drivers read the system tables to find the nodes; the service fills them from the VPC endpoint on the caller's behalf.
    const system = this.arn('keyspace/system*');
    fn.allow(['cassandra:Select'], [...arns.r, ...arns.rw, system]);
    acknowledgeResources(fn.role, 'The system keyspaces: they are several, and hold schemas and addresses only', [
      system,
    ]);
    if (arns.rw.length > 0) {
      fn.allow(['cassandra:Modify'], arns.rw);
    }
    if (this.key) grantUse(this.key, fn.role, 'cassandra', { write: arns.rw.length > 0 });
    // These two have no resource to name. Without them a driver sees one node of the endpoint instead of all.
    // See https://docs.aws.amazon.com/keyspaces/latest/devguide/vpc-endpoints.html
    fn.allow(['ec2:DescribeNetworkInterfaces', 'ec2:DescribeVpcEndpoints'], ['*']);
  }

  private table(
    id: string,
    definition: TableDefinition,
    options: Pick<CfnTableProps, 'defaultTimeToLive' | 'clientSideTimestampsEnabled'> = {},
  ): CfnTable {
    const columns = (all: Columns = {}) =>
      Object.entries(all).map(([columnName, columnType]) => ({ columnName, columnType }));
    const table = new CfnTable(this, id, {
      keyspaceName: this.keyspaceName,
      tableName: definition.name,
      partitionKeyColumns: columns(definition.partitionKey),
      clusteringKeyColumns: definition.clusteringKey
        ? columns(definition.clusteringKey).map((column) => ({ column, orderBy: 'ASC' }))
        : undefined,
      regularColumns: columns(definition.columns),
      billingMode: { mode: 'ON_DEMAND' },
      pointInTimeRecoveryEnabled: true,
      encryptionSpecification: this.key
        ? { encryptionType: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyIdentifier: this.key.keyArn }
        : { encryptionType: 'AWS_OWNED_KMS_KEY' },
      ...options,
    });
    // The table names its keyspace by text, which tells CloudFormation nothing about the order.
    table.addResourceDependency(this.keyspace);
    return table;
  }

  private arn(resource: string): string {
    const { partition, region, account } = Stack.of(this);
    return `arn:${partition}:cassandra:${region}:${account}:/${resource}`;
  }
}
