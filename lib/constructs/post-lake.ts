import { Duration, Stack } from 'aws-cdk-lib';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { Effect, PolicyStatement, type IRole } from 'aws-cdk-lib/aws-iam';
import { type IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { POST_FILE_COLUMNS } from '../../lambda/formats/post-files';
import { type ColumnType } from '../../lambda/domain/sections/section';
import { ENV } from '../../lambda/runtime/env';
import { PREFIXES } from '../../lambda/formats/keys';
import { type PipelineConfig } from '../config';
import { acknowledgeResources } from '../rules/acknowledge';
import { type PipelineFunction } from './pipeline-function';
import { grantUse } from './pipeline-key';
import { applyRemoval, removalPolicy } from './removal';

export type Prefix = keyof typeof PREFIXES;

/** What a user of the lake may do under which prefixes. Only lifecycle rules delete. */
export interface LakeAccess {
  /** Get objects and list keys. */
  readonly read?: readonly Prefix[];
  /** List keys only. */
  readonly list?: readonly Prefix[];
  /** Put objects, new ones or in place of old ones. */
  readonly write?: readonly Prefix[];
  /** Put objects with a client that uploads large ones in parts and aborts uploads that fail. */
  readonly writeInParts?: readonly Prefix[];
}

export interface PostLakeProps {
  readonly config: PipelineConfig;
  /** @default - the key of the service */
  readonly key?: IKey;
}

/** Days for which an overwritten or deleted object can be restored. */
export const NONCURRENT_DAYS = 30;

/** The column that is also part of an object's key, so that a query reads only the intervals that it selects. */
const PARTITION_KEY = 'interval_start';

const GLUE_TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'string',
  int: 'int',
  long: 'bigint',
  double: 'double',
  timestamp: 'timestamp',
  'string[]': 'array<string>',
};

/** The S3 bucket of the batch layer, and the table `posts` over it for Athena. */
export class PostLake extends Construct {
  public readonly bucket: Bucket;
  public readonly accessLogs: Bucket;
  public readonly database: CfnDatabase;
  public readonly table: CfnTable;

  constructor(scope: Construct, id: string, props: PostLakeProps) {
    super(scope, id);
    const { config } = props;
    const policy = removalPolicy(config);
    const common = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: policy,
      // CloudFormation can delete an empty bucket only.
      autoDeleteObjects: config.removal === 'destroy',
    };
    this.accessLogs = new Bucket(this, 'AccessLogs', {
      ...common,
      // S3 can't deliver access logs to a bucket with a customer-managed key.
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ id: 'expire', expiration: Duration.days(config.logRetentionDays) }],
    });
    this.bucket = new Bucket(this, 'Bucket', {
      ...common,
      encryption: props.key ? BucketEncryption.KMS : BucketEncryption.S3_MANAGED,
      encryptionKey: props.key,
      // One request to KMS serves many objects.
      bucketKeyEnabled: props.key ? true : undefined,
      versioned: true,
      serverAccessLogsBucket: this.accessLogs,
      serverAccessLogsPrefix: 'lake/',
      lifecycleRules: [
        // No transition to a cheaper class: S3 moves no object under 128 KB by itself, and raw objects are smaller up to 1,000 posts/s.
        // Moved all the same, one of 100 KB would cost what ten months in Glacier Instant Retrieval save.
        ...(config.rawRetentionDays > 0
          ? [{ id: 'expire-raw', prefix: PREFIXES.raw, expiration: Duration.days(config.rawRetentionDays) }]
          : []),
        { id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        {
          id: 'expire-noncurrent',
          noncurrentVersionExpiration: Duration.days(NONCURRENT_DAYS),
          expiredObjectDeleteMarker: true,
        },
      ],
    });

    const catalogId = Stack.of(this).account;
    this.database = new CfnDatabase(this, 'Database', {
      catalogId,
      databaseInput: {
        name: `${config.project}_${config.stage}`,
        description: 'Posts of the pipeline, compacted per interval',
      },
    });
    this.table = new CfnTable(this, 'Posts', {
      catalogId,
      databaseName: `${config.project}_${config.stage}`,
      tableInput: postsTable(this.bucket, config),
    });
    // The table names its database as text, from which CloudFormation can't derive the order.
    this.table.addResourceDependency(this.database);
    applyRemoval(policy, this.database, this.table);
  }

  /** Sets the bucket's name as a variable of a function and grants the given access, and no other. */
  public bind(fn: PipelineFunction, access: LakeAccess): void {
    fn.setEnvironment({ [ENV.lakeBucket]: this.bucket.bucketName });
    this.grant(fn.role, access);
  }

  /** Grants a role the given access, and no other. */
  public grant(role: IRole, access: LakeAccess): void {
    const read = prefixes(access.read);
    const list = [...read, ...prefixes(access.list)];
    const inParts = prefixes(access.writeInParts);
    const write = [...prefixes(access.write), ...inParts];
    const objects = (names: readonly string[]) => names.map((prefix) => this.bucket.arnForObjects(`${prefix}*`));
    acknowledgeResources(
      role,
      'Keys under the prefix consist of interval, partition and offset of arriving data; the prefix belongs to the step',
      objects([...read, ...write]),
    );
    if (read.length > 0) {
      role.addToPrincipalPolicy(
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: ['s3:GetObject'],
          resources: objects(read),
        }),
      );
    }
    if (list.length > 0) {
      role.addToPrincipalPolicy(
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: ['s3:ListBucket'],
          resources: [this.bucket.bucketArn],
          // "IfExists": a GetObject has no prefix, and without permission to list, S3 returns 403 for a missing key instead of 404.
          conditions: { StringLikeIfExists: { 's3:prefix': list.map((prefix) => `${prefix}*`) } },
        }),
      );
    }
    if (write.length > 0) {
      role.addToPrincipalPolicy(
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: ['s3:PutObject'],
          resources: objects(write),
        }),
      );
    }
    if (inParts.length > 0) {
      role.addToPrincipalPolicy(
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: ['s3:AbortMultipartUpload'],
          resources: objects(inParts),
        }),
      );
    }
    if (this.bucket.encryptionKey && read.length + write.length > 0) {
      grantUse(this.bucket.encryptionKey, role, 's3', { write: write.length > 0 });
    }
  }
}

function prefixes(names: readonly Prefix[] = []): string[] {
  return names.map((name) => PREFIXES[name]);
}

/**
 * Athena projects partitions from the interval's name, so there is no crawler, and a run adds no partition.
 * @see https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
 */
function postsTable(bucket: Bucket, config: PipelineConfig): CfnTable.TableInputProperty {
  const location = bucket.s3UrlForObject(PREFIXES.posts);
  return {
    name: 'posts',
    description: 'One row per post and interval: the columns of all sections that have arrived by then',
    tableType: 'EXTERNAL_TABLE',
    parameters: {
      classification: 'parquet',
      'projection.enabled': 'true',
      'projection.interval_start.type': 'date',
      'projection.interval_start.format': "yyyy-MM-dd'T'HH-mm",
      'projection.interval_start.range': '2026-01-01T00-00,NOW',
      'projection.interval_start.interval': String(config.intervalMinutes),
      'projection.interval_start.interval.unit': 'MINUTES',
      'storage.location.template': `${location}interval=\${interval_start}/`,
    },
    partitionKeys: [{ name: PARTITION_KEY, type: 'string', comment: 'Start of the interval, UTC' }],
    storageDescriptor: {
      location,
      inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      serdeInfo: { serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      columns: POST_FILE_COLUMNS.filter(({ name }) => name !== PARTITION_KEY).map((column) => ({
        name: column.name,
        type: GLUE_TYPES[column.type],
        comment: column.dataClass === 'none' ? column.description : `${column.description} (${column.dataClass})`,
      })),
    },
  };
}
