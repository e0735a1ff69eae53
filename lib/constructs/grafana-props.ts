import { type CfnWorkspace as PrometheusWorkspace } from 'aws-cdk-lib/aws-aps';
import { type IKey } from 'aws-cdk-lib/aws-kms';
import { type Topic } from 'aws-cdk-lib/aws-sns';
import { type AirflowEnvironment } from './airflow-environment';
import { type Monitored } from './metrics';
import { type PostLake } from './post-lake';
import { type SparkApplication } from './spark-application';
import { type ViewStore } from './view-store';

/** The sources of the boards' data. The workspace and its content share these properties. */
export interface GrafanaWorkspaceProps {
  readonly monitored: Monitored;
  readonly lake: PostLake;
  readonly views: ViewStore;
  /** @default - none: the panels about it have no data */
  readonly spark?: SparkApplication;
  /** @default - none: the panels about it have no data */
  readonly airflow?: AirflowEnvironment;
  /** Topic that alert rules notify. */
  readonly topic: Topic;
  /**
   * Key of the topic.
   * @default - the topic is not encrypted
   */
  readonly key?: IKey;
  /**
   * Workspace with the brokers' metrics.
   * @default - none: the panels about it have no data
   */
  readonly prometheus?: PrometheusWorkspace;
}
