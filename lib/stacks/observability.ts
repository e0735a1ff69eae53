import { CfnOutput } from 'aws-cdk-lib';
import { type IKey } from 'aws-cdk-lib/aws-kms';
import { type Construct } from 'constructs';
import { type AirflowEnvironment } from '../constructs/airflow-environment';
import { Alarms } from '../constructs/alarms';
import { Dashboards } from '../constructs/dashboards/dashboards';
import { GrafanaWorkspace } from '../constructs/grafana-workspace';
import { LogQueries } from '../constructs/log-queries';
import { type Monitored } from '../constructs/metrics';
import { type PipelineNetwork } from '../constructs/network';
import { PrometheusWorkspace } from '../constructs/prometheus-workspace';
import { type PostLake } from '../constructs/post-lake';
import { type SparkApplication } from '../constructs/spark-application';
import { type ViewStore } from '../constructs/view-store';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

export interface ObservabilityStackProps extends PipelineStackProps {
  readonly monitored: Monitored;
  readonly network: PipelineNetwork;
  readonly lake: PostLake;
  readonly views: ViewStore;
  /** @default - none: the panels about it have no data */
  readonly spark?: SparkApplication;
  /** @default - none: the panels about it have no data */
  readonly airflow?: AirflowEnvironment;
  /** @default - alarm topics are not encrypted */
  readonly key?: IKey;
}

/** Alarms, dashboards and boards. The stack stores no data, and nothing depends on it. */
export class ObservabilityStack extends PipelineStack {
  public readonly alarms: Alarms;
  /** Absent unless `prometheus` is `managed`. */
  public readonly prometheus?: PrometheusWorkspace;
  /** Absent unless `grafana` is `managed`. */
  public readonly grafana?: GrafanaWorkspace;

  constructor(scope: Construct, props: ObservabilityStackProps) {
    const { config, monitored } = props;
    super(scope, 'observability', config, 'Pinterest data pipeline: dashboards and alarms');
    this.alarms = new Alarms(this, 'Alarms', monitored);
    new Dashboards(this, 'Dashboards', { monitored, alarms: this.alarms });
    new LogQueries(this, 'LogQueries', monitored);
    if (config.prometheus === 'managed') {
      this.prometheus = new PrometheusWorkspace(this, 'Prometheus', {
        config,
        kafka: monitored.kafka,
        network: props.network.functionNetwork,
        alerts: this.alarms.topic,
      });
    }
    if (config.grafana === 'managed') {
      const { topic } = this.alarms;
      const prometheus = this.prometheus?.workspace;
      this.grafana = new GrafanaWorkspace(this, 'Grafana', { ...props, topic, prometheus });
      new CfnOutput(this, 'GrafanaUrl', { value: this.grafana.url, description: 'Boards in Managed Grafana' });
    }

    new CfnOutput(this, 'AlarmTopic', { value: this.alarms.topic.topicArn, description: 'Topic that alarms notify' });
  }
}
