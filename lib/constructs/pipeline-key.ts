import { Aspects, Duration, Stack, type IAspect } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal, type IRole } from 'aws-cdk-lib/aws-iam';
import { Key, type IKey } from 'aws-cdk-lib/aws-kms';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnTopic } from 'aws-cdk-lib/aws-sns';
import { Construct, type IConstruct } from 'constructs';
import { type PipelineConfig } from '../config';
import { removalPolicy } from './removal';

export interface PipelineKeyProps {
  readonly config: PipelineConfig;
}

/** The longest waiting period of AWS, in which a scheduled deletion can be cancelled. */
const DELETION_WINDOW = Duration.days(30);

/**
 * The key with which a deployment encrypts its data. It is retained wherever the data is, because without it the data is lost.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
 */
export class PipelineKey extends Construct {
  public readonly key: Key;

  constructor(scope: Construct, id: string, props: PipelineKeyProps) {
    super(scope, id);
    const { config } = props;
    this.key = new Key(this, 'Key', {
      description: `Data, logs and alarms of ${config.project} ${config.stage}`,
      enableKeyRotation: true,
      pendingWindow: DELETION_WINDOW,
      removalPolicy: removalPolicy(config),
    });
    const { partition, region, account } = Stack.of(this);
    // Services that use the key on their own behalf, so that no caller's permissions apply.
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        conditions: {
          ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*` },
        },
      }),
    );
    // The services that publish to the alarm topics. The topics' policies narrow them to this deployment's alarms.
    // See https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: ['cloudwatch', 'aps'].map((service) => new ServicePrincipal(`${service}.amazonaws.com`)),
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
  }

  /** Encrypts every log group and every alarm topic in a scope with the key, including those that are added later. */
  public encrypt(scope: IConstruct): void {
    Aspects.of(scope).add(new Encrypt(this.key));
  }
}

/** An aspect, because log groups and topics are created in many places, which need not know the key. */
class Encrypt implements IAspect {
  constructor(private readonly key: IKey) {}

  public visit(node: IConstruct): void {
    if (node instanceof CfnLogGroup) node.kmsKeyId ??= this.key.keyArn;
    if (node instanceof CfnTopic) node.kmsMasterKeyId ??= this.key.keyArn;
  }
}

/**
 * Lets a role use the key through one service only: to decrypt, and with `write` also to encrypt.
 */
export function grantUse(
  key: IKey,
  role: IRole,
  service: 's3' | 'cassandra' | 'sns',
  use: { readonly write: boolean },
): void {
  role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['kms:Decrypt', ...(use.write ? ['kms:GenerateDataKey'] : [])],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(role).region}.amazonaws.com` } },
    }),
  );
}
