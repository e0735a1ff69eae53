import { CfnOutput } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import { AirflowEnvironment } from '../constructs/airflow-environment';
import { AirflowWorkflow } from '../constructs/airflow-workflow';
import { type PipelineNetwork } from '../constructs/network';
import { type PipelineSteps } from '../constructs/pipeline-steps';
import { type PostLake } from '../constructs/post-lake';
import { type SparkApplication } from '../constructs/spark-application';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

export interface OrchestrationStackProps extends PipelineStackProps {
  readonly network: PipelineNetwork;
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

/** Runs the batch layer interval by interval: Airflow, as an environment or as a workflow billed per run. */
export class OrchestrationStack extends PipelineStack {
  /** Present where `orchestrator` is `mwaa`. */
  public readonly airflow?: AirflowEnvironment;
  /** Present where `orchestrator` is `mwaa-serverless`. */
  public readonly workflow?: AirflowWorkflow;

  constructor(scope: Construct, props: OrchestrationStackProps) {
    const { config, network, steps, spark, lake } = props;
    super(scope, 'orchestration', config, 'Pinterest data pipeline: Airflow');
    if (config.orchestrator === 'mwaa-serverless') {
      this.workflow = new AirflowWorkflow(this, 'Workflow', { config, steps, spark, lake });
      new CfnOutput(this, 'WorkflowArn', {
        value: this.workflow.workflow.attrWorkflowArn,
        description: 'Workflow of the batch layer',
      });
      return;
    }
    this.airflow = new AirflowEnvironment(this, 'Airflow', {
      config,
      vpc: network.vpc,
      subnets: network.airflowSubnets,
      securityGroup: network.airflow,
      steps,
      spark,
      lake,
      dags: props.dags,
    });
    new CfnOutput(this, 'DagBucket', { value: this.airflow.bucket.bucketName, description: "Airflow's DAGs" });
    new CfnOutput(this, 'AirflowUrl', { value: this.airflow.url, description: "Airflow's web server" });
  }
}
