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
import { bindOrchestrator, type PipelineSteps } from './pipeline-steps';
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
  readonly spark: SparkApplication;
  readonly lake: PostLake;
}

/** MWAA Serverless with the batch layer as a workflow: no environment, no network, billed per run. */
export class AirflowWorkflow extends Construct {
  public readonly bucket: Bucket;
  public readonly role: Role;
  public readonly workflow: CfnWorkflow;

  constructor(scope: Construct, id: string, props: AirflowWorkflowProps) {
    super(scope, id);
    const { config, steps, spark, lake } = props;
    const name = `${config.project}-${config.stage}`;
    const definition = workflowDefinition({
      name,
      intervalMinutes: config.intervalMinutes,
      partitions: config.partitions,
      functions: {
        seal: steps.seal.function.functionName,
        compact: steps.compact.function.functionName,
        publish: steps.publish.function.functionName,
        reconcile: steps.reconcile.function.functionName,
      },
      applicationId: spark.application.attrApplicationId,
      jobRoleArn: spark.jobRole.roleArn,
      lake: lake.bucket.bucketName,
    });
    // The service reads the file when the workflow is created or updated, and an update requires a changed property.
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
      // The replaced version is still scheduled while files are copied.
      prune: false,
    });

    const logs = logGroup(this, 'Logs', config);
    // No condition on the account: the service documents none, and with a wrong one nothing would run.
    this.role = new Role(this, 'Role', {
      description: 'Execution role of the workflow of the batch layer',
      assumedBy: new ServicePrincipal('airflow-serverless.amazonaws.com'),
    });
    logs.grantWrite(this.role);
    const definitions = this.bucket.arnForObjects(`${WORKFLOWS}*`);
    this.role.addToPolicy(
      new PolicyStatement({ actions: ['s3:GetObject', 's3:GetObjectVersion'], resources: [definitions] }),
    );
    acknowledgeResources(this.role, 'Definitions of this repository: each version has its own key', [definitions]);
    bindOrchestrator(this.role, props);

    this.workflow = new CfnWorkflow(this, 'Workflow', {
      name,
      description: 'Batch layer: one run per interval',
      definitionS3Location: { bucket: this.bucket.bucketName, objectKey: `${WORKFLOWS}${version}/${FILE}` },
      roleArn: this.role.roleArn,
      loggingConfiguration: { logGroupName: logs.logGroupName },
    });
    applyRemoval(removalPolicy({ removal: 'destroy' }), this.workflow);
    // The service checks the file and the permissions when it creates the workflow.
    this.workflow.node.addDependency(upload, this.role);
  }
}
