import { type Construct } from 'constructs';
import { Canary } from '../constructs/canary';
import { FunctionHttpApi } from '../constructs/http-api';
import { type KafkaCluster } from '../constructs/kafka-cluster';
import { type PipelineNetwork } from '../constructs/network';
import { PipelineSteps } from '../constructs/pipeline-steps';
import { type PostLake } from '../constructs/post-lake';
import { SparkApplication } from '../constructs/spark-application';
import { type ViewStore } from '../constructs/view-store';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

export interface ProcessingStackProps extends PipelineStackProps {
  readonly network: PipelineNetwork;
  readonly kafka: KafkaCluster;
  readonly lake: PostLake;
  readonly views: ViewStore;
  /** Folder with the files of the layers, see `npm run layers`. */
  readonly layers: string;
}

/** Everything that computes: functions, their event sources and APIs, Spark. It holds no data and is free to replace. */
export class ProcessingStack extends PipelineStack {
  public readonly steps: PipelineSteps;
  public readonly spark: SparkApplication;
  public readonly ingestApi: FunctionHttpApi;
  public readonly queryApi: FunctionHttpApi;
  /** Absent where the config asks for none. */
  public readonly canary?: Canary;

  constructor(scope: Construct, props: ProcessingStackProps) {
    const { config, network, lake } = props;
    super(scope, 'processing', config, 'Pinterest data pipeline: functions, APIs and Spark');
    this.steps = new PipelineSteps(this, 'Steps', { ...props, network: network.functionNetwork });
    if (config.page) {
      this.steps.bindPage();
      network.bindMetrics(this.steps.query);
    }
    this.spark = new SparkApplication(this, 'Spark', {
      config,
      lake,
      vpc: network.vpc,
      subnets: network.dataSubnets,
      securityGroup: network.spark,
    });

    if (config.canaryMinutes > 0) {
      this.canary = new Canary(this, 'Canary', { config, ingest: this.steps.ingest, query: this.steps.query });
    }
    this.ingestApi = new FunctionHttpApi(this, 'IngestApi', {
      config,
      description: 'Pinterest data pipeline: ingest',
      handler: this.steps.ingest,
      routes: [
        'POST /posts',
        // As the emulators of 2022 call it.
        'POST /pin',
        'POST /pin/',
        // As a Kafka REST proxy and a Kinesis proxy are called.
        'POST /topics/{topic}',
        'PUT /streams/{stream}/record',
      ],
    });
    this.ingestApi.output('IngestUrl');
    this.queryApi = new FunctionHttpApi(this, 'QueryApi', {
      config,
      description: 'Pinterest data pipeline: query',
      handler: this.steps.query,
      routes: [
        'GET /views',
        'GET /views/{view}',
        'GET /answers',
        'GET /answers/{name}',
        'GET /boundary',
        'GET /health',
        ...(config.page ? ['GET /', 'GET /assets/{file}', 'GET /status'] : []),
      ],
    });
    this.queryApi.output('QueryUrl');
  }
}
