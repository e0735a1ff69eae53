import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnWorkflow } from 'aws-cdk-lib/aws-mwaaserverless';
import { type Bucket } from 'aws-cdk-lib/aws-s3';
import { Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { acknowledgeResources } from '../rules/acknowledge';
import { dagBucket } from './dag-bucket';
import { logGroup } from './logs';
import { bindOrchestrator, flowOf, type PipelineSteps } from './pipeline-steps';
import { type PostLake } from './post-lake';
import { applyRemoval, removalPolicy } from './removal';
import { type SparkApplication } from './spark-application';
import { Upload } from './upload';
import { workflowDefinition } from './workflow-definition';

const WORKFLOWS = 'workflows/';
const FILE = 'pipeline.yaml';

export interface AirflowWorkflowProps {
  readonly config: PipelineConfig;
  readonly steps: PipelineSteps;
  /** Absent where `viewsEngine` is `duckdb`. */
  readonly spark?: SparkApplication;
  readonly lake: PostLake;
}

/** MWAA Serverless with the batch layer as a workflow: no environment, no network, paid by the run. */
export class AirflowWorkflow extends Construct {
  public readonly bucket: Bucket;
  public readonly role: Role;
  public readonly workflow: CfnWorkflow;

  constructor(scope: Construct, id: string, props: AirflowWorkflowProps) {
    super(scope, id);
    const { config } = props;
    const name = `${config.project}-${config.stage}`;
    const { tasks, names } = flowOf(props);
    const definition = workflowDefinition({ name, intervalMinutes: config.intervalMinutes, tasks, ...names });
    // The service reads the file when the workflow is created or updated, and an update needs a property that differs.
    const version = createHash('sha256')
      .update(JSON.stringify(Stack.of(this).resolve(definition)))
      .digest('hex')
      .slice(0, 16);
    this.bucket = dagBucket(this, 'Bucket');
    const upload = new Upload(this, 'Definition', {
      config,
      bucket: this.bucket,
      prefix: WORKFLOWS,
      sources: [Source.yamlData(`${version}/${FILE}`, definition)],
      // A version that is replaced is still the scheduled one while files are copied.
      prune: false,
    });

    const logs = logGroup(this, 'Logs', config);
    // No condition on the account: what the service documents has none, and with a wrong one nothing would run.
    this.role = new Role(this, 'Role', {
      description: 'What the workflow of the batch layer may do',
      assumedBy: new ServicePrincipal('airflow-serverless.amazonaws.com'),
    });
    logs.grantWrite(this.role);
    const definitions = this.bucket.arnForObjects(`${WORKFLOWS}*`);
    this.role.addToPolicy(
      new PolicyStatement({ actions: ['s3:GetObject', 's3:GetObjectVersion'], resources: [definitions] }),
    );
    acknowledgeResources(this.role, 'Definitions of this repository: each version has a key of its own', [definitions]);
    bindOrchestrator(this.role, props);

    this.workflow = new CfnWorkflow(this, 'Workflow', {
      name,
      description: 'Batch layer: one run an interval',
      definitionS3Location: { bucket: this.bucket.bucketName, objectKey: `${WORKFLOWS}${version}/${FILE}` },
      roleArn: this.role.roleArn,
      loggingConfiguration: { logGroupName: logs.logGroupName },
    });
    applyRemoval(removalPolicy({ removal: 'destroy' }), this.workflow);
    // The file and the rights are looked at while the workflow is made.
    this.workflow.node.addDependency(upload, this.role);
  }
}
