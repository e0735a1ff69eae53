import { Duration, Stack } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { acknowledge, acknowledgeResources } from '../rules/acknowledge';
import { type PostLake } from './post-lake';
import { applyRemoval, removalPolicy } from './removal';

/** A query may read this much, bytes: a board that forgets to name its intervals fails instead of reading the whole lake. */
const READ_LIMIT = 20 * 1024 ** 3;
/** Days that answers are kept: the boards use one again for an hour. */
const ANSWER_DAYS = 1;

export interface LakeQueriesProps {
  readonly config: PipelineConfig;
  readonly lake: PostLake;
}

/** A workgroup of Athena on the lake's posts: its answers expire, and a query may read only so much. */
export class LakeQueries extends Construct {
  public readonly workgroup: CfnWorkGroup;
  public readonly answers: Bucket;
  public readonly lake: PostLake;

  constructor(scope: Construct, id: string, { config, lake }: LakeQueriesProps) {
    super(scope, id);
    this.lake = lake;
    this.answers = new Bucket(this, 'Answers', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      lifecycleRules: [{ id: 'expire', expiration: Duration.days(ANSWER_DAYS) }],
      removalPolicy: removalPolicy({ removal: 'destroy' }),
      autoDeleteObjects: true,
    });
    acknowledge(
      this.answers,
      'Counts that boards asked for, for a day; what reads the posts themselves is in the logs of the lake',
      'AwsSolutions-S1',
    );
    this.workgroup = new CfnWorkGroup(this, 'Workgroup', {
      name: `${config.project}-${config.stage}-boards`,
      description: 'What boards ask of the posts in the lake',
      // Its history is no reason to keep it.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: READ_LIMIT,
        resultConfiguration: {
          outputLocation: this.answers.s3UrlForObject(),
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
    applyRemoval(removalPolicy({ removal: 'destroy' }), this.workgroup);
  }

  /** Name of the database in which the table `posts` is. */
  public get database(): string {
    return this.lake.table.databaseName;
  }

  /**
   * Lets a role ask the workgroup about the posts.
   * @see https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html
   */
  public grant(role: Role): void {
    const { partition, region, account } = Stack.of(this);
    const glue = (name: string) => `arn:${partition}:glue:${region}:${account}:${name}`;
    const objects = this.answers.arnForObjects('*');
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
    // Whoever asks for a thing of the catalogue needs the right to what it is in, too.
    const database = [glue('catalog'), glue(`database/${this.database}`)];
    allow(['glue:GetDatabase'], database);
    allow(['glue:GetTable'], [...database, glue(`table/${this.database}/posts`)]);
    allow(['s3:GetBucketLocation', 's3:ListBucket'], [this.answers.bucketArn]);
    allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], [objects]);
    acknowledgeResources(role, 'Answers are named by Athena, one a query, in a bucket that holds nothing else', [
      objects,
    ]);
    this.lake.grant(role, { read: ['posts'] });
  }
}
