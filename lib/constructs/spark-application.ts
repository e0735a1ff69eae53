import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { CfnApplication, type CfnApplicationProps } from 'aws-cdk-lib/aws-emrserverless';
import { PolicyStatement, Role, ServicePrincipal, type IRole } from 'aws-cdk-lib/aws-iam';
import { Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { PREFIXES } from '../../lambda/formats/keys';
import { viewsAsJson } from '../../lambda/domain/views';
import { type PipelineConfig } from '../config';
import { acknowledgeResources } from '../rules/acknowledge';
import { EmrApplicationStopper } from './emr-application-stopper';
import { logGroup } from './logs';
import { type PostLake } from './post-lake';
import { applyRemoval, removalPolicy } from './removal';
import { Upload } from './upload';

/**
 * Spark 3.5, Python 3.9 and 3.11.
 * @see https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/release-versions.html
 */
const RELEASE = 'emr-7.13.0';

export interface SparkApplicationProps {
  readonly config: PipelineConfig;
  readonly lake: PostLake;
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly securityGroup: ISecurityGroup;
}

/** EMR Serverless with the job that computes the batch views, and the job's role. */
export class SparkApplication extends Construct {
  public readonly application: CfnApplication;
  public readonly jobRole: Role;

  constructor(scope: Construct, id: string, props: SparkApplicationProps) {
    super(scope, id);
    const { config, lake } = props;
    const logs = logGroup(this, 'Logs', config);
    const properties: CfnApplicationProps = {
      name: `${config.project}-${config.stage}-views`,
      type: 'SPARK',
      releaseLabel: RELEASE,
      architecture: config.architecture === 'arm64' ? 'ARM64' : 'X86_64',
      autoStartConfiguration: { enabled: true },
      // A stopped application costs nothing, and only a stopped one can be updated or deleted.
      autoStopConfiguration: { enabled: true, idleTimeoutMinutes: config.sparkIdleMinutes },
      maximumCapacity: {
        cpu: `${config.sparkMaxVcpu} vCPU`,
        memory: `${config.sparkMaxMemoryGb} GB`,
        disk: `${Math.max(2, Math.ceil(config.sparkMaxVcpu / config.sparkCores)) * WORKER_DISK_GB} GB`,
      },
      networkConfiguration: {
        subnetIds: props.vpc.selectSubnets(props.subnets).subnetIds,
        securityGroupIds: [props.securityGroup.securityGroupId],
      },
      runtimeConfiguration: [{ classification: 'spark-defaults', properties: sparkDefaults(config) }],
      monitoringConfiguration: {
        cloudWatchLoggingConfiguration: { enabled: true, logGroupName: logs.logGroupName },
      },
    };
    this.application = new CfnApplication(this, 'Application', properties);
    new EmrApplicationStopper(this, 'Stopper', { config, application: this.application, properties });
    // The application stores nothing: views are computed from the lake.
    applyRemoval(removalPolicy({ removal: 'destroy' }), this.application);

    const { account } = Stack.of(this);
    this.jobRole = new Role(this, 'JobRole', {
      description: 'Job role of the Spark job that computes the batch views',
      assumedBy: new ServicePrincipal('emr-serverless.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': this.application.attrArn },
        },
      }),
    });
    lake.grant(this.jobRole, { read: ['posts', 'manifests', 'jobs', 'views', 'plan'], writeInParts: ['views'] });
    logs.grantWrite(this.jobRole);
    this.jobRole.addToPolicy(
      new PolicyStatement({ actions: ['logs:DescribeLogStreams'], resources: [logs.logGroupArn] }),
    );
    // The job checks that its log group exists, which is a request about all groups.
    this.jobRole.addToPolicy(new PolicyStatement({ actions: ['logs:DescribeLogGroups'], resources: ['*'] }));
    acknowledgeResources(this.jobRole, 'Permission to list log groups covers all of them', ['*']);

    new Upload(this, 'JobFiles', {
      config,
      bucket: lake.bucket,
      prefix: PREFIXES.jobs,
      sources: [
        Source.asset(join(__dirname, '..', '..', 'spark'), { exclude: ['*', '!batch_views.py'] }),
        Source.data('views.json', viewsAsJson()),
      ],
      // A running job may still read a file that this version no longer has.
      prune: false,
    });
  }

  /** Lets a role start, describe and cancel jobs that run with the job role. */
  public bindSubmitter(role: IRole): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['emr-serverless:StartJobRun', 'emr-serverless:GetApplication', 'emr-serverless:StartApplication'],
        resources: [this.application.attrArn],
      }),
    );
    const runs = `${this.application.attrArn}/jobruns/*`;
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['emr-serverless:GetJobRun', 'emr-serverless:CancelJobRun', 'emr-serverless:GetDashboardForJobRun'],
        resources: [runs],
      }),
    );
    acknowledgeResources(role, "A run's id is unknown until it starts", [runs]);
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [this.jobRole.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
      }),
    );
  }
}

/** Disk that the price of a worker includes. */
const WORKER_DISK_GB = 20;

/** Worker sizes are set here, so that a change of size does not change the DAG. */
function sparkDefaults(config: PipelineConfig): Record<string, string> {
  const cores = String(config.sparkCores);
  const memory = `${config.sparkMemoryGb}g`;
  return {
    'spark.driver.cores': cores,
    'spark.driver.memory': memory,
    'spark.executor.cores': cores,
    'spark.executor.memory': memory,
    // An interval is small: EMR's default of three initial executors would mostly idle.
    'spark.executor.instances': '1',
    'spark.sql.session.timeZone': 'UTC',
    // The job names no table. EMR's default, the catalog of Glue, has no endpoint in this network: a call would hang.
    // See https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/metastore-config.html
    'spark.sql.catalogImplementation': 'in-memory',
  };
}
