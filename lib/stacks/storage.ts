import { CfnOutput } from 'aws-cdk-lib';
import { type IKey } from 'aws-cdk-lib/aws-kms';
import { type Construct } from 'constructs';
import { KafkaCluster } from '../constructs/kafka-cluster';
import { type PipelineNetwork } from '../constructs/network';
import { PostLake } from '../constructs/post-lake';
import { PostSchema } from '../constructs/post-schema';
import { ViewStore } from '../constructs/view-store';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

export interface StorageStackProps extends PipelineStackProps {
  readonly network: PipelineNetwork;
  /** @default - the keys of the services */
  readonly key?: IKey;
}

/** Everything that stores data: Kafka, the lake, the views. It is a separate stack, so that the rest can be replaced freely. */
export class StorageStack extends PipelineStack {
  public readonly kafka: KafkaCluster;
  public readonly lake: PostLake;
  public readonly views: ViewStore;

  constructor(scope: Construct, props: StorageStackProps) {
    const { config, network, key } = props;
    super(scope, 'storage', config, 'Pinterest data pipeline: Kafka, lake and views', true);
    this.kafka = new KafkaCluster(this, 'Kafka', {
      config,
      vpc: network.vpc,
      subnets: network.dataSubnets,
      clients: network.functions,
      key,
    });
    this.lake = new PostLake(this, 'Lake', { config, key });
    this.views = new ViewStore(this, 'Views', { config, key });
    if (config.schemaRegistry === 'glue') new PostSchema(this, 'Schema', config);
    this.fixIntervals();

    new CfnOutput(this, 'LakeBucket', { value: this.lake.bucket.bucketName, description: 'Bucket of the batch layer' });
    new CfnOutput(this, 'KafkaClusterArn', { value: this.kafka.cluster.clusterArn, description: 'MSK cluster' });
    new CfnOutput(this, 'Keyspace', { value: this.views.keyspaceName, description: 'Keyspace of the views' });
  }
}
