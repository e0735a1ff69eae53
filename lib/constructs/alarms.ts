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
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { SlackChannelConfiguration } from 'aws-cdk-lib/aws-chatbot';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
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
    this.slack(config);
    this.budget(config);
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

  /** Posts the alarms in a channel. People there can ask CloudWatch what it shows, and change nothing. */
  private slack(config: PipelineConfig): void {
    if (config.slackWorkspace === undefined || config.slackChannel === undefined) return;
    const role = new Role(this, 'SlackRole', { assumedBy: new ServicePrincipal('chatbot.amazonaws.com') });
    const channel = new SlackChannelConfiguration(this, 'Slack', {
      slackChannelConfigurationName: alarmName(config, 'alarms'),
      slackWorkspaceId: config.slackWorkspace,
      slackChannelId: config.slackChannel,
      role,
      // Without any, AWS takes AdministratorAccess as the limit.
      guardrailPolicies: [ManagedPolicy.fromAwsManagedPolicyName('CloudWatchReadOnlyAccess')],
      notificationTopics: [this.topic],
    });
    // It subscribes the topic as it is created, for which the topic's policy must be there.
    channel.node.addDependency(this.topic);
  }

  /** Bounds what the deployment costs in a month, by its tag `project`. */
  private budget(config: PipelineConfig): void {
    if (config.monthlyBudgetUsd === 0) return;
    const account = Stack.of(this).account;
    const allowed = this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Budgets',
        principals: [new ServicePrincipal('budgets.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
    const subscribers = [{ subscriptionType: 'SNS', address: this.topic.topicArn }];
    const budget = new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: alarmName(config, 'month'),
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: config.monthlyBudgetUsd, unit: 'USD' },
        filterExpression: { tags: { key: 'project', values: [config.project] } },
      },
      notificationsWithSubscribers: ['FORECASTED', 'ACTUAL'].map((notificationType) => ({
        notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold: 100 },
        subscribers,
      })),
    });
    if (allowed.policyDependable) budget.node.addDependency(allowed.policyDependable);
  }
}
