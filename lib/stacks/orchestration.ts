import { CfnOutput } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import { AirflowEnvironment } from '../constructs/airflow-environment';
import { type PipelineNetwork } from '../constructs/network';
import { type PipelineSteps } from '../constructs/pipeline-steps';
import { type PostLake } from '../constructs/post-lake';
import { type SparkApplication } from '../constructs/spark-application';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

export interface OrchestrationStackProps extends PipelineStackProps {
  readonly network: PipelineNetwork;
  readonly steps: PipelineSteps;
  readonly spark: SparkApplication;
  readonly lake: PostLake;
}

/** What runs the batch layer bucket by bucket: Airflow. */
export class OrchestrationStack extends PipelineStack {
  public readonly airflow: AirflowEnvironment;

  constructor(scope: Construct, props: OrchestrationStackProps) {
    const { config, network, steps, spark, lake } = props;
    super(scope, 'orchestration', config, 'Pinterest data pipeline: Airflow');
    this.airflow = new AirflowEnvironment(this, 'Airflow', {
      config,
      vpc: network.vpc,
      subnets: network.airflowSubnets,
      securityGroup: network.airflow,
      steps,
      spark,
      lake,
    });
    new CfnOutput(this, 'DagBucket', { value: this.airflow.bucket.bucketName, description: "Airflow's DAGs" });
    new CfnOutput(this, 'AirflowUrl', { value: this.airflow.url, description: "Airflow's web server" });
  }
}
