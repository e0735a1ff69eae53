import { CfnOutput } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import { Alarms } from '../constructs/alarms';
import { Dashboards } from '../constructs/dashboards/dashboards';
import { LogQueries } from '../constructs/log-queries';
import { type Watched } from '../constructs/metrics';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

export interface ObservabilityStackProps extends PipelineStackProps {
  readonly watched: Watched;
}

/** What watches the pipeline and tells: it holds nothing, and nothing depends on it. */
export class ObservabilityStack extends PipelineStack {
  public readonly alarms: Alarms;

  constructor(scope: Construct, props: ObservabilityStackProps) {
    const { config, watched } = props;
    super(scope, 'observability', config, 'Pinterest data pipeline: dashboards and alarms');
    this.alarms = new Alarms(this, 'Alarms', watched);
    new Dashboards(this, 'Dashboards', { watched, alarms: this.alarms });
    new LogQueries(this, 'LogQueries', watched);

    new CfnOutput(this, 'AlarmTopic', { value: this.alarms.topic.topicArn, description: 'Where alarms are told' });
  }
}
