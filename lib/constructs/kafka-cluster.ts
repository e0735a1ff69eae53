/** The only file that imports the alpha module for MSK, so that another module can replace it. */
import {
  ClientAuthentication,
  ClientBrokerEncryption,
  Cluster,
  ClusterMonitoringLevel,
  KafkaVersion,
} from '@aws-cdk/aws-msk-alpha';
import { ArnFormat, Duration, Names, Stack } from 'aws-cdk-lib';
import { InstanceType, Port, SecurityGroup, type IVpc, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { type IKey } from 'aws-cdk-lib/aws-kms';
import { type CfnEventSourceMapping, EventSourceMapping, MetricType, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { type CfnCluster, CfnConfiguration, CfnTopic } from 'aws-cdk-lib/aws-msk';
import { Construct } from 'constructs';
import { ENV } from '../../lambda/runtime/env';
import { topicBytes } from '../capacity/topic';
import { type PipelineConfig } from '../config';
import { acknowledge, acknowledgeResources } from '../rules/acknowledge';
import { logGroup } from './logs';
import { type PipelineFunction } from './pipeline-function';
import { applyRemoval, removalPolicy } from './removal';

/** Port for SASL with IAM over TLS, within AWS. */
const IAM_PORT = 9098;

/**
 * A producer puts all records of a request to one partition into one batch, and a request may have 4.5 MB.
 */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

const RETRY_FOREVER = -1;

export interface KafkaClusterProps {
  readonly config: PipelineConfig;
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  /** The security group whose members may connect. */
  readonly clients: SecurityGroup;
  /** @default - the key of the service */
  readonly key?: IKey;
}

export interface EventSourceOptions {
  /** Records after which a batch is delivered. */
  readonly batchSize: number;
  /** Time after which a batch is delivered. */
  readonly window: Duration;
  /** Consumer group. It can't be changed later, because the offsets belong to it. */
  readonly consumerGroup: string;
}

/** An MSK cluster (Standard brokers, KRaft, IAM over TLS) and the topic `posts`. */
export class KafkaCluster extends Construct {
  /** The topic's name. */
  public static readonly TOPIC = 'posts';

  public readonly cluster: Cluster;
  public readonly topic: CfnTopic;
  /** Security group of the brokers and controllers. */
  public readonly brokers: SecurityGroup;
  public readonly topicName = KafkaCluster.TOPIC;
  public readonly clusterName: string;
  private readonly config: PipelineConfig;

  constructor(scope: Construct, id: string, props: KafkaClusterProps) {
    super(scope, id);
    const { config } = props;
    this.config = config;
    const securityGroup = new SecurityGroup(this, 'Brokers', {
      vpc: props.vpc,
      description: 'Kafka brokers, and the pollers of the event sources, which use the same group',
    });
    this.brokers = securityGroup;
    securityGroup.addIngressRule(props.clients, Port.tcp(IAM_PORT), 'Functions');
    securityGroup.addIngressRule(securityGroup, Port.tcp(IAM_PORT), 'Event source pollers');

    const configuration = new CfnConfiguration(this, 'Configuration', {
      name: Names.uniqueResourceName(this, { maxLength: 64 }),
      description: 'Topics as code, durability before availability',
      serverProperties: serverProperties(config),
    });
    this.clusterName = Names.uniqueResourceName(this, { maxLength: 64 });
    this.cluster = new Cluster(this, 'Cluster', {
      clusterName: this.clusterName,
      kafkaVersion: KafkaVersion.V4_1_X_KRAFT,
      vpc: props.vpc,
      vpcSubnets: props.subnets,
      securityGroups: [securityGroup],
      // The construct counts brokers per zone.
      numberOfBrokerNodes: config.brokers / config.availabilityZones,
      instanceType: new InstanceType(config.brokerInstance.replace(/^kafka\./, '')),
      ebsStorageInfo: { volumeSize: config.brokerVolumeGb, encryptionKey: props.key },
      configurationInfo: {
        arn: configuration.attrArn,
        revision: configuration.attrLatestRevisionRevision,
      },
      clientAuthentication: ClientAuthentication.sasl({ iam: true }),
      encryptionInTransit: { clientBroker: ClientBrokerEncryption.TLS, enableInCluster: true },
      monitoring: {
        clusterMonitoringLevel: ClusterMonitoringLevel[config.brokerMonitoring],
        enablePrometheusJmxExporter: true,
        enablePrometheusNodeExporter: true,
      },
      logging: { cloudwatchLogGroup: logGroup(this, 'BrokerLogs', config) },
      removalPolicy: removalPolicy(config),
    });
    if (props.key) {
      // The construct sets the key's id, but the service requires its ARN.
      (this.cluster.node.findChild('Resource') as CfnCluster).addPropertyOverride(
        'EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId',
        props.key.keyArn,
      );
    }
    this.topic = new CfnTopic(this, 'Posts', {
      clusterArn: this.cluster.clusterArn,
      topicName: KafkaCluster.TOPIC,
      partitionCount: config.partitions,
      replicationFactor: config.replicationFactor,
      configs: Buffer.from(topicConfig(config)).toString('base64'),
    });
    applyRemoval(removalPolicy(config), configuration, this.topic);
  }

  /** Lets a function write to the topic, idempotently, and read its offsets. The function can't read records. */
  public bindProducer(fn: PipelineFunction): void {
    this.bindTopicName(fn);
    fn.setEnvironment({
      [ENV.clusterArn]: this.cluster.clusterArn,
      [ENV.kafkaAuth]: this.config.kafkaAuth,
    });
    fn.allow(
      ['kafka:GetBootstrapBrokers', 'kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'],
      [this.cluster.clusterArn],
    );
    fn.allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], [this.topic.attrTopicArn]);
  }

  /** Sets the topic of a function's events, keys and rows, without any permission on Kafka. */
  public bindTopicName(fn: PipelineFunction): void {
    fn.setEnvironment({ [ENV.topic]: KafkaCluster.TOPIC });
  }

  /**
   * Delivers the topic's records to a function: at least once, in order per partition, from the first one retained.
   *
   * A failed batch is retried until it succeeds, because a failure means an outage: the function quarantines records that it can't
   * parse. Two sources share one group of provisioned pollers, without which a Kafka source has
   * no retry controls.
   * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
   */
  public bindEventSource(fn: PipelineFunction, options: EventSourceOptions): EventSourceMapping {
    // The pollers use the function's role.
    fn.allow(['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], [this.cluster.clusterArn]);
    // Neither can be restricted to a network.
    fn.allow(['ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups'], ['*']);
    fn.allow(['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration'], [this.cluster.clusterArn]);
    fn.allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], [this.topic.attrTopicArn]);
    const group = this.groupArn(options.consumerGroup);
    fn.allow(['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], [group]);
    acknowledgeResources(fn.role, "Stands for the cluster's UUID, which is unknown before deployment", [group]);

    const source = new EventSourceMapping(fn, 'Posts', {
      target: fn.function,
      eventSourceArn: this.cluster.clusterArn,
      kafkaTopic: KafkaCluster.TOPIC,
      kafkaConsumerGroupId: options.consumerGroup,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: options.batchSize,
      maxBatchingWindow: options.window,
      retryAttempts: RETRY_FOREVER,
      provisionedPollerConfig: {
        minimumPollers: this.config.pollers,
        // A poller beyond the number of partitions has nothing to read.
        maximumPollers: Math.min(this.config.partitions, 200),
        pollerGroupName: Names.uniqueResourceName(this, { maxLength: 128 }),
      },
      metricsConfig: { metrics: [MetricType.EVENT_COUNT, MetricType.ERROR_COUNT, MetricType.KAFKA_METRICS] },
    });
    (source.node.defaultChild as CfnEventSourceMapping).maximumRecordAgeInSeconds = RETRY_FOREVER;
    acknowledge(
      source,
      'A batch is retried until it succeeds: with a destination, records of an outage would be discarded after ten attempts',
      'Serverless-LambdaEventSourceMappingDestination',
    );
    // Created after the permissions: a poller that is denied at first remains in an error state for minutes.
    source.node.addDependency(fn.role);
    return source;
  }

  /** The cluster's UUID is unknown before deployment, so a wildcard stands for it. The name is unique in account and region. */
  private groupArn(group: string): string {
    return Stack.of(this).formatArn({
      service: 'kafka',
      resource: 'group',
      resourceName: `${this.clusterName}/*/${group}`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}

/** @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-properties.html */
function serverProperties(config: PipelineConfig): string {
  // MSK does not state its defaults for Kafka's internal topics. With Kafka's own, 3, two brokers could not create the topic of
  // offsets, and no consumer would work. They are not fewer than the posts' replicas, because min.insync.replicas applies to both.
  const internal = Math.max(Math.min(3, config.brokers), config.replicationFactor);
  return properties({
    'offsets.topic.replication.factor': internal,
    'transaction.state.log.replication.factor': internal,
    'transaction.state.log.min.isr': Math.min(2, internal - 1),
    // A mistyped name would create a topic with one replica.
    'auto.create.topics.enable': 'false',
    'default.replication.factor': config.replicationFactor,
    'min.insync.replicas': config.minInsyncReplicas,
    // A lagging replica would become leader and lose acknowledged records.
    'unclean.leader.election.enable': 'false',
    'log.message.timestamp.type': 'LogAppendTime',
    'message.max.bytes': MAX_BATCH_BYTES,
    'replica.fetch.max.bytes': MAX_BATCH_BYTES,
  });
}

function topicConfig(config: PipelineConfig): string {
  const { retention, segment } = topicBytes(config);
  return properties({
    // Intervals are cut by the time at which the broker appended a record, so clients' clocks don't matter.
    'message.timestamp.type': 'LogAppendTime',
    'min.insync.replicas': config.minInsyncReplicas,
    'retention.ms': Duration.days(config.retentionDays).toMilliseconds(),
    // Above the rate that the stage is built for, the oldest records go: a full volume would stop the broker.
    'retention.bytes': retention,
    'segment.bytes': segment,
    'max.message.bytes': MAX_BATCH_BYTES,
  });
}

function properties(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');
}
