import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IBucket } from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, type ISource } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { acknowledge, acknowledgeResources } from '../rules/acknowledge';
import { logGroup } from './logs';
import { grantUse } from './pipeline-key';

export interface UploadProps {
  readonly config: PipelineConfig;
  readonly bucket: IBucket;
  /** Key prefix, with a slash at its end. */
  readonly prefix: string;
  readonly sources: readonly ISource[];
  /** Whether to delete objects under the prefix that are not among the sources. */
  readonly prune: boolean;
}

/**
 * Files of this repository, copied to an S3 bucket at deployment. At most one per stack: CDK uses one function for all of a
 * stack, with the role of the first.
 */
export class Upload extends Construct {
  public readonly role: Role;

  constructor(scope: Construct, id: string, props: UploadProps) {
    super(scope, id);
    const { bucket, prefix } = props;
    const logs = logGroup(this, 'Logs', props.config);
    const role = new Role(this, 'Role', {
      description: `Uploads to ${prefix}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    this.role = role;
    logs.grantWrite(role);
    const objects = bucket.arnForObjects(`${prefix}*`);
    // ListObjects suffices to find existing files; no GetObject is needed.
    role.addToPolicy(new PolicyStatement({ actions: ['s3:PutObject'], resources: [objects] }));
    acknowledgeResources(role, 'The files of this repository: their names differ from version to version', [objects]);
    if (props.prune) {
      role.addToPolicy(new PolicyStatement({ actions: ['s3:DeleteObject'], resources: [objects] }));
    }
    role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${prefix}*` } },
      }),
    );

    if (bucket.encryptionKey) grantUse(bucket.encryptionKey, role, 's3', { write: true });

    const deployment = new BucketDeployment(this, 'Files', {
      destinationBucket: bucket,
      destinationKeyPrefix: prefix,
      sources: props.sources.map((source) => grantedTo(role, source)),
      // By default the construct grants permission to delete everything in the bucket.
      role: role.withoutPolicyUpdates(),
      prune: props.prune,
      memoryLimit: 256,
      logGroup: logs,
    });
    deployment.node.addDependency(role);
    acknowledgeHandler(this);
  }
}

/** CDK's function: one per stack, with the runtime that CDK's version chooses. */
function acknowledgeHandler(scope: Construct): void {
  for (const handler of Stack.of(scope).node.children.filter(({ node }) =>
    /^Custom::CDKBucketDeployment/.test(node.id),
  )) {
    acknowledge(
      handler,
      "CDK's function, which runs while a stack is deployed: its errors fail the deployment, and CDK chooses its runtime",
      'AwsSolutions-L1',
      'Serverless-LambdaLatestVersion',
      'Serverless-LambdaDLQ',
      'Serverless-LambdaTracing',
    );
  }
}

/** Grants the role the asset only, not the whole bucket that stores the assets of every app in the account. */
function grantedTo(role: Role, source: ISource): ISource {
  return {
    bind: (scope) => {
      const bound = source.bind(scope, { handlerRole: role.withoutPolicyUpdates() });
      const asset = bound.bucket.arnForObjects(bound.zipObjectKey);
      role.addToPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: [asset] }));
      return bound;
    },
  };
}
