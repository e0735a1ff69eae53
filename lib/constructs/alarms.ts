import { Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  TreatMissingData,
  type AlarmBase,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { type Severity } from '../../lambda/runtime/metrics';
import { type PipelineConfig } from '../config';
import { alarmSpecs, COMPOSITES, type AlarmSpec } from './alarm-list';
import { type Monitored } from './metrics';

const RUNBOOK = 'docs/runbook.md';

/** Name of an alarm: the same in every deployment of a project and stage. */
export function alarmName(config: PipelineConfig, id: string): string {
  return `${config.project}-${config.stage}-${id}`;
}

function description(config: PipelineConfig, { id, severity, text }: { id: string; severity: Severity; text: string }) {
  return `${severity}: ${text}. Runbook: ${config.runbookUrl ?? RUNBOOK}#${id}`;
}

/**
 * All alarms, and the topic that they notify. An alarm about query results notifies through its composite alarm, once,
 * however many of its members fire; the others notify directly.
 */
export class Alarms extends Construct {
  public readonly topic: Topic;
  /** By id. */
  public readonly alarms: ReadonlyMap<string, { readonly spec: AlarmSpec; readonly alarm: Alarm }>;
  public readonly composites: readonly CompositeAlarm[];

  constructor(scope: Construct, id: string, monitored: Monitored) {
    super(scope, id);
    const { config } = monitored;
    this.topic = this.alarmTopic(config);
    const action = new SnsAction(this.topic);
    const notify = (alarm: AlarmBase) => {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    };
    this.alarms = new Map(alarmSpecs(monitored).map((spec) => [spec.id, { spec, alarm: this.alarm(config, spec) }]));
    const all = [...this.alarms.values()];
    for (const { spec, alarm } of all) if (!spec.results) notify(alarm);
    this.composites = Object.entries(COMPOSITES).map(([results, composite]) => {
      const members = all.filter(({ spec }) => spec.results === results).map(({ alarm }) => alarm);
      return new CompositeAlarm(this, composite.id, {
        compositeAlarmName: alarmName(config, composite.id),
        alarmDescription: description(config, composite),
        alarmRule: AlarmRule.anyOf(...members.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
      });
    });
    this.composites.forEach(notify);
  }

  private alarm(config: PipelineConfig, spec: AlarmSpec): Alarm {
    return new Alarm(this, spec.id, {
      alarmName: alarmName(config, spec.id),
      alarmDescription: description(config, spec),
      metric: spec.metric,
      threshold: spec.threshold,
      comparisonOperator: spec.comparison ?? ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: spec.periods,
      datapointsToAlarm: spec.datapoints ?? spec.periods,
      treatMissingData: spec.missing ?? TreatMissingData.NOT_BREACHING,
    });
  }

  private alarmTopic(config: PipelineConfig): Topic {
    const topic = new Topic(this, 'Topic', {
      topicName: alarmName(config, 'alarms'),
      displayName: `Pinterest data pipeline, ${config.stage}`,
      enforceSSL: true,
    });
    // CloudWatch can't publish to a topic under the key aws/sns, and alarm texts contain no data that needs a customer-managed key.
    // Attaching a policy replaces the default topic policy, which is what allows alarms of this account to publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (config.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(config.alarmEmail));
    return topic;
  }
}
