import { Duration, Stack } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { acknowledge, acknowledgeResources } from '../rules/acknowledge';
import { type PostLake } from './post-lake';
import { applyRemoval, removalPolicy } from './removal';

/** Limit of bytes that a query may read. A board that does not filter by interval fails instead of reading the whole lake. */
const READ_LIMIT = 20 * 1024 ** 3;
/** Days for which results are stored. The boards reuse a result for an hour. */
const RESULT_DAYS = 1;

export interface LakeQueriesProps {
  readonly config: PipelineConfig;
  readonly lake: PostLake;
}

/** An Athena workgroup on the lake's posts. Its results expire, and the bytes that a query may read are limited. */
export class LakeQueries extends Construct {
  public readonly workgroup: CfnWorkGroup;
  public readonly results: Bucket;
  public readonly lake: PostLake;

  constructor(scope: Construct, id: string, { config, lake }: LakeQueriesProps) {
    super(scope, id);
    this.lake = lake;
    this.results = new Bucket(this, 'Results', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      lifecycleRules: [{ id: 'expire', expiration: Duration.days(RESULT_DAYS) }],
      removalPolicy: removalPolicy({ removal: 'destroy' }),
      autoDeleteObjects: true,
    });
    acknowledge(
      this.results,
      'Counts that boards queried, stored for a day; the access logs of the lake contain each read of posts',
      'AwsSolutions-S1',
    );
    this.workgroup = new CfnWorkGroup(this, 'Workgroup', {
      name: `${config.project}-${config.stage}-boards`,
      description: 'Queries of the boards on the posts in the lake',
      // Delete it with its query history.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: READ_LIMIT,
        resultConfiguration: {
          outputLocation: this.results.s3UrlForObject(),
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
    applyRemoval(removalPolicy({ removal: 'destroy' }), this.workgroup);
  }

  /** Name of the database that contains the table `posts`. */
  public get database(): string {
    return this.lake.table.databaseName;
  }

  /**
   * Lets a role query the posts through the workgroup.
   * @see https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html
   */
  public grant(role: Role): void {
    const { partition, region, account } = Stack.of(this);
    const glue = (name: string) => `arn:${partition}:glue:${region}:${account}:${name}`;
    const objects = this.results.arnForObjects('*');
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    allow(
      [
        'athena:GetWorkGroup',
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
      ],
      [`arn:${partition}:athena:${region}:${account}:workgroup/${this.workgroup.name}`],
    );
    // Access to an object of the catalog requires permission on its containers, too.
    const database = [glue('catalog'), glue(`database/${this.database}`)];
    allow(['glue:GetDatabase'], database);
    allow(['glue:GetTable'], [...database, glue(`table/${this.database}/posts`)]);
    allow(['s3:GetBucketLocation', 's3:ListBucket'], [this.results.bucketArn]);
    allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], [objects]);
    acknowledgeResources(role, 'Athena names the results, one per query, in a bucket that contains nothing else', [
      objects,
    ]);
    this.lake.grant(role, { read: ['posts'] });
  }
}
