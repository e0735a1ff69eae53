import { type CfnWorkspace as PrometheusWorkspace } from 'aws-cdk-lib/aws-aps';
import { type Topic } from 'aws-cdk-lib/aws-sns';
import { type AirflowEnvironment } from './airflow-environment';
import { type Monitored } from './metrics';
import { type PostLake } from './post-lake';
import { type SparkApplication } from './spark-application';
import { type ViewStore } from './view-store';

/** What the boards show: shared by the workspace and its content. */
export interface GrafanaWorkspaceProps {
  readonly monitored: Monitored;
  readonly lake: PostLake;
  readonly views: ViewStore;
  readonly spark: SparkApplication;
  /** @default - none: the panels that ask for it have no data */
  readonly airflow?: AirflowEnvironment;
  /** Where alert rules notify. */
  readonly topic: Topic;
  /**
   * What the brokers' metrics are in.
   * @default - none: the panels that ask it have no data
   */
  readonly prometheus?: PrometheusWorkspace;
}
