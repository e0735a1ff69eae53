import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { CompositePrincipal, Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnEnvironment, type CfnEnvironmentProps } from 'aws-cdk-lib/aws-mwaa';
import { type Bucket } from 'aws-cdk-lib/aws-s3';
import { Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { acknowledgeActions, acknowledgeResources } from '../rules/acknowledge';
import { dagTasks } from './batch-flow';
import { dagBucket } from './dag-bucket';
import { logGroup } from './logs';
import { bindOrchestrator, flowOf, type PipelineSteps } from './pipeline-steps';
import { type PostLake } from './post-lake';
import { applyRemoval, removalPolicy } from './removal';
import { type SparkApplication } from './spark-application';
import { Upload } from './upload';

/**
 * Airflow 3 with Python 3.12 and version 9.25.0 of the Amazon provider: the versions that the DAG is tested with. The text of the
 * CloudFormation reference stops at 3.0.6, but MWAA's user guide lists this version, and the schema accepts any.
 * @see https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-versions.html
 */
const AIRFLOW_VERSION = '3.2.1';

const DAGS = 'dags';

const LOG_MODULES = ['DAGProcessing', 'Scheduler', 'Task', 'WebServer', 'Worker'] as const;

export interface AirflowEnvironmentProps {
  readonly config: PipelineConfig;
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly securityGroup: ISecurityGroup;
  readonly steps: PipelineSteps;
  /** Absent where `viewsEngine` is `duckdb`. */
  readonly spark?: SparkApplication;
  readonly lake: PostLake;
  /**
   * Folder with the DAGs.
   * @default - `dags` of this repository
   */
  readonly dags?: string;
}

/** MWAA with the pipeline's DAG: S3 bucket, role, and the DAG's configuration as an Airflow option. */
export class AirflowEnvironment extends Construct {
  public readonly bucket: Bucket;
  public readonly role: Role;
  public readonly environment: CfnEnvironment;

  constructor(scope: Construct, id: string, props: AirflowEnvironmentProps) {
    super(scope, id);
    const { config } = props;
    const name = `${config.project}-${config.stage}`;
    this.bucket = dagBucket(this, 'Bucket');
    const upload = new Upload(this, 'Dags', {
      config,
      bucket: this.bucket,
      prefix: `${DAGS}/`,
      sources: [Source.asset(props.dags ?? join(__dirname, '..', '..', 'dags'), { exclude: ['*', '!*.py'] })],
      // A DAG that was removed from the repository must stop running.
      prune: true,
    });

    this.role = this.executionRole(name);
    bindOrchestrator(this.role, props);

    // MWAA creates the groups that are missing, and those never expire.
    const logGroups = LOG_MODULES.map((module) =>
      logGroup(this, `${module}Logs`, config, { logGroupName: `airflow-${name}-${module}` }),
    );
    this.environment = new CfnEnvironment(this, 'Environment', {
      name,
      airflowVersion: AIRFLOW_VERSION,
      environmentClass: config.airflowClass,
      ...workers(config),
      sourceBucketArn: this.bucket.bucketArn,
      dagS3Path: DAGS,
      executionRoleArn: this.role.roleArn,
      networkConfiguration: {
        // MWAA requires exactly two subnets, whatever the number of zones.
        subnetIds: props.vpc.selectSubnets(props.subnets).subnetIds.slice(0, 2),
        securityGroupIds: [props.securityGroup.securityGroupId],
      },
      webserverAccessMode: config.airflowWebserver === 'public' ? 'PUBLIC_ONLY' : 'PRIVATE_ONLY',
      airflowConfigurationOptions: { 'pipeline.config': dagConfig(this, props) },
      loggingConfiguration: logging(),
    });
    applyRemoval(removalPolicy({ removal: 'destroy' }), this.environment);
    // MWAA checks bucket, DAGs and permissions during creation, and fails permanently if one is missing.
    this.environment.node.addDependency(this.bucket, upload, this.role, ...logGroups);
  }

  /** Address of the web server. */
  public get url(): string {
    return `https://${this.environment.attrWebserverUrl}`;
  }

  /** @see https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-create-role.html */
  private executionRole(name: string): Role {
    const { partition, region, account } = Stack.of(this);
    const role = new Role(this, 'Role', {
      description: 'Execution role of Airflow',
      assumedBy: new CompositePrincipal(
        new ServicePrincipal('airflow.amazonaws.com'),
        new ServicePrincipal('airflow-env.amazonaws.com'),
      ),
    });
    const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>) =>
      role.addToPolicy(new PolicyStatement({ actions, resources, conditions }));

    allow(['airflow:PublishMetrics'], [`arn:${partition}:airflow:${region}:${account}:environment/${name}`]);
    role.addToPolicy(new PolicyStatement({ effect: Effect.DENY, actions: ['s3:ListAllMyBuckets'], resources: ['*'] }));
    const dags = this.bucket.arnForObjects(`${DAGS}/*`);
    allow(['s3:GetObject', 's3:GetObjectVersion'], [dags]);
    acknowledgeResources(role, 'The DAGs of this repository: their names differ from version to version', [dags]);
    allow(
      [
        's3:ListBucket',
        's3:ListBucketVersions',
        's3:GetBucketVersioning',
        's3:GetBucketPublicAccessBlock',
        's3:GetEncryptionConfiguration',
      ],
      [this.bucket.bucketArn],
    );
    // MWAA calls these on the account, for which there is no resource to name.
    allow(['s3:GetAccountPublicAccessBlock', 'logs:DescribeLogGroups', 'cloudwatch:PutMetricData'], ['*']);
    acknowledgeResources(role, 'Actions without a resource, which MWAA requires', ['*']);
    const groups = `arn:${partition}:logs:${region}:${account}:log-group:airflow-${name}-*`;
    acknowledgeResources(role, "The environment's log groups, which MWAA names by environment and module", [groups]);
    allow(
      [
        'logs:CreateLogStream',
        'logs:CreateLogGroup',
        'logs:PutLogEvents',
        'logs:GetLogEvents',
        'logs:GetLogRecord',
        'logs:GetLogGroupFields',
        'logs:GetQueryResults',
      ],
      [groups],
    );
    // The queue between scheduler and workers is in an account of the service, which chooses its name.
    const queues = `arn:${partition}:sqs:${region}:*:airflow-celery-*`;
    acknowledgeResources(role, 'A queue of the service, in its account and with a name that it chooses', [queues]);
    allow(
      [
        'sqs:ChangeMessageVisibility',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'sqs:ReceiveMessage',
        'sqs:SendMessage',
      ],
      [queues],
    );
    acknowledgeActions(role, 'With and without plain text, as MWAA requires; through SQS only', [
      'kms:GenerateDataKey*',
    ]);
    // The key of that queue belongs to the service, so it is in any account except this one.
    role.addToPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey*', 'kms:Encrypt'],
        notResources: [`arn:${partition}:kms:*:${account}:key/*`],
        conditions: { StringLike: { 'kms:ViaService': [`sqs.${region}.amazonaws.com`] } },
      }),
    );
    return role;
  }
}

/** The DAG's configuration as one JSON text. The DAG reads it from the option `config` in the section `pipeline`. */
export function dagConfig(
  scope: Construct,
  props: Pick<AirflowEnvironmentProps, 'config' | 'steps' | 'spark' | 'lake'>,
): string {
  const { config } = props;
  const { tasks, names } = flowOf(props);
  return Stack.of(scope).toJsonString({
    intervalMinutes: config.intervalMinutes,
    emrPollSeconds: config.sparkPollSeconds,
    deferrable: config.deferrable,
    tasks: dagTasks(tasks, names),
  });
}

/** The smallest class runs scheduler and worker in one, and accepts one of each. */
function workers(config: PipelineConfig): Partial<CfnEnvironmentProps> {
  return config.airflowClass === 'mw1.micro'
    ? { schedulers: 1, minWorkers: 1, maxWorkers: 1, minWebservers: 1, maxWebservers: 1 }
    : { schedulers: 2, minWorkers: 1, maxWorkers: 3, minWebservers: 2, maxWebservers: 2 };
}

function logging(): CfnEnvironment.LoggingConfigurationProperty {
  const verbose = { enabled: true, logLevel: 'INFO' };
  const quiet = { enabled: true, logLevel: 'WARNING' };
  return {
    dagProcessingLogs: quiet,
    schedulerLogs: quiet,
    taskLogs: verbose,
    webserverLogs: quiet,
    workerLogs: quiet,
  };
}
