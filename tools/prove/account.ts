/** What a proof asks of an account, and the notifications that it sets off. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  paginateDescribeAlarms,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { CostExplorerClient, GetCostAndUsageCommand } from '@aws-sdk/client-cost-explorer';
import { paginateGetResources, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SNSClient, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type PipelineConfig } from '../../lib/config';
import { alarmName } from '../../lib/constructs/alarms';
import { type Usage } from './bill';

export interface ProofAccount {
  /** The output of a stack of this deployment, as `IngestUrl`. @throws Error if it has none */
  output(name: string): Promise<string>;
  /** Sum of the drift that `reconcile` reported in this time (ms). @throws Error if it reported none */
  drift(from: number, to: number): Promise<number>;
  /**
   * Puts every alarm that notifies into alarm, and reads the notifications with a queue of its own.
   * @returns names of the alarms, and of those whose notification arrived within `patience` ms
   */
  testAlarms(patience: number): Promise<{ readonly all: readonly string[]; readonly arrived: readonly string[] }>;
  /** ARNs of the resources with the tags of this deployment. */
  tagged(): Promise<readonly string[]>;
  /** The bill of the whole account. @param from a day, `2026-11-29` @param until the day after the last */
  bill(from: string, until: string): Promise<readonly Usage[]>;
}

/** CloudWatch keeps an hour's sum in one point. */
const HOUR_SECONDS = 3_600;
const LONGEST_POLL_SECONDS = 5;

/** @param endpoint of all services, for tests @default - the services' own */
export function proofAccount(config: PipelineConfig, endpoint?: string): ProofAccount {
  const options = { region: config.region, endpoint };
  const cloudFormation = new CloudFormationClient(options);
  const cloudWatch = new CloudWatchClient(options);
  const sns = new SNSClient(options);
  const sqs = new SQSClient(options);
  const tags = new ResourceGroupsTaggingAPIClient(options);
  // Cost Explorer has one endpoint for all regions of a partition.
  const costs = new CostExplorerClient({ ...options, region: 'us-east-1' });
  const prefix = alarmName(config, '');

  const output = async (name: string) => {
    for (const stack of ['processing', 'observability']) {
      const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: prefix + stack }));
      const found = Stacks?.[0].Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
      if (found !== undefined) return found;
    }
    throw new Error(`the deployment must have the output ${name}, got none`);
  };

  const notifying = async () => {
    const names: string[] = [];
    const AlarmTypes = ['MetricAlarm' as const, 'CompositeAlarm' as const];
    for await (const page of paginateDescribeAlarms({ client: cloudWatch }, { AlarmNamePrefix: prefix, AlarmTypes })) {
      const all = [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])];
      names.push(...all.filter(({ AlarmActions = [] }) => AlarmActions.length > 0).map((each) => each.AlarmName!));
    }
    return names.sort();
  };

  const setState = (AlarmName: string, StateValue: 'OK' | 'ALARM') =>
    cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'test notification of npm run prove' }),
    );

  return {
    output,
    async drift(from, to) {
      const name = alarmName(config, 'drift');
      const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
      if (!MetricAlarms?.length) throw new Error(`the alarm ${name} does not exist`);
      const { Namespace, MetricName, Dimensions } = MetricAlarms[0];
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          ...{ Namespace, MetricName, Dimensions, Statistics: ['Sum'], Period: HOUR_SECONDS },
          StartTime: new Date(from),
          EndTime: new Date(to),
        }),
      );
      if (Datapoints.length === 0) throw new Error('reconcile reported no drift, neither 0 nor more');
      return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
    },
    async testAlarms(patience) {
      const topic = await output('AlarmTopic');
      const all = await notifying();
      const queue = await subscribedQueue(topic);
      try {
        for (const name of all) {
          // Only a change of state notifies, and the alarm may be in alarm already.
          await setState(name, 'OK');
          await setState(name, 'ALARM');
        }
        return { all, arrived: await arrivals(queue.url, all, patience) };
      } finally {
        await queue.remove();
      }
    },
    async tagged() {
      const TagFilters = Object.entries({ project: config.project, stage: config.stage }).map(([Key, value]) => ({
        Key,
        Values: [value],
      }));
      const found: string[] = [];
      for await (const page of paginateGetResources({ client: tags }, { TagFilters })) {
        found.push(...(page.ResourceTagMappingList ?? []).map(({ ResourceARN }) => ResourceARN!));
      }
      return found.sort();
    },
    async bill(Start, End) {
      const usages: Usage[] = [];
      let NextPageToken: string | undefined;
      do {
        const page = await costs.send(
          new GetCostAndUsageCommand({
            ...{ TimePeriod: { Start, End }, Granularity: 'DAILY', Metrics: ['UnblendedCost'], NextPageToken },
            GroupBy: ['SERVICE', 'USAGE_TYPE'].map((Key) => ({ Type: 'DIMENSION' as const, Key })),
          }),
        );
        for (const { Keys, Metrics } of (page.ResultsByTime ?? []).flatMap(({ Groups = [] }) => Groups)) {
          const { Amount, Unit } = Metrics!.UnblendedCost;
          if (Unit !== 'USD') throw new Error(`the bill must be in USD, got ${Unit}`);
          usages.push({ service: Keys![0], usageType: Keys![1], usd: Number(Amount) });
        }
        ({ NextPageToken } = page);
      } while (NextPageToken !== undefined);
      return usages;
    },
  };

  /** A queue that receives what the topic publishes. */
  async function subscribedQueue(topic: string) {
    const name = `${prefix}proof-${Date.now()}`;
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    let SubscriptionArn: string | undefined;
    const remove = async () => {
      if (SubscriptionArn !== undefined) await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    };
    try {
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
      const Endpoint = Attributes!.QueueArn;
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: allowing(topic, Endpoint!) } }));
      ({ SubscriptionArn } = await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint })));
      return { url: QueueUrl!, remove };
    } catch (error) {
      await remove();
      throw error;
    }
  }

  /** The alarms whose notification is received: all of them, or those of `patience` ms. */
  async function arrivals(QueueUrl: string, names: readonly string[], patience: number): Promise<string[]> {
    const open = new Set(names);
    const until = Date.now() + patience;
    while (open.size > 0 && Date.now() < until) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: LONGEST_POLL_SECONDS }),
      );
      for (const { Body } of Messages) {
        const { Message } = JSON.parse(Body!) as { Message: string };
        const { AlarmName, NewStateValue } = JSON.parse(Message) as { AlarmName: string; NewStateValue: string };
        if (NewStateValue === 'ALARM') open.delete(AlarmName);
      }
    }
    return names.filter((name) => !open.has(name));
  }
}

/** A queue's policy for the messages of one topic. */
const allowing = (topic: string, queue: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queue },
        Condition: { ArnEquals: { 'aws:SourceArn': topic } },
      },
    ],
  });
