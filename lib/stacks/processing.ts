import { type Construct } from 'constructs';
import { Canary } from '../constructs/canary';
import { type ApiRoute, FunctionHttpApi } from '../constructs/http-api';
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

/** Most posts come by the first route. The others serve older clients and must not use up the function's capacity. */
const INGEST_ROUTES: readonly ApiRoute[] = [
  { key: 'POST /posts', share: 1 },
  // The form that the emulators of 2022 call.
  { key: 'POST /pin', share: 0.5 },
  // The forms of a Kafka REST proxy and a Kinesis proxy.
  { key: 'POST /topics/{topic}', share: 0.5 },
  { key: 'PUT /streams/{stream}/record', share: 0.5 },
];

/** An answer reads and merges many rows of a view. Lists and the boundary are small and needed less often. */
const QUERY_ROUTES: readonly ApiRoute[] = [
  { key: 'GET /views', share: 0.1 },
  { key: 'GET /views/{view}', share: 1 },
  { key: 'GET /answers', share: 0.1 },
  { key: 'GET /answers/{name}', share: 0.5 },
  { key: 'GET /boundary', share: 0.2 },
  { key: 'GET /health', share: 0.1 },
];

/** The status page reads CloudWatch, which bills each metric read: see ADR 22. */
const PAGE_ROUTES: readonly ApiRoute[] = [
  { key: 'GET /', share: 0.1 },
  { key: 'GET /assets/{file}', share: 0.5 },
  { key: 'GET /status', share: 0.2 },
];

/** Everything that computes: functions, their event sources and APIs, Spark. The stack stores no data and can be replaced. */
export class ProcessingStack extends PipelineStack {
  public readonly steps: PipelineSteps;
  /** Absent where `viewsEngine` is `duckdb`. */
  public readonly spark?: SparkApplication;
  public readonly ingestApi: FunctionHttpApi;
  public readonly queryApi: FunctionHttpApi;
  /** Absent where `canaryMinutes` is 0. */
  public readonly canary?: Canary;

  constructor(scope: Construct, props: ProcessingStackProps) {
    const { config, network, lake } = props;
    super(scope, 'processing', config, 'Pinterest data pipeline: functions, APIs and Spark');
    this.fixIntervals();
    this.steps = new PipelineSteps(this, 'Steps', { ...props, network: network.functionNetwork });
    if (config.page) {
      this.steps.bindPage();
      network.bindMetrics(this.steps.query);
    }
    if (config.viewsEngine !== 'duckdb') {
      this.spark = new SparkApplication(this, 'Spark', {
        config,
        lake,
        vpc: network.vpc,
        subnets: network.dataSubnets,
        securityGroup: network.spark,
      });
    }

    if (config.canaryMinutes > 0) {
      this.canary = new Canary(this, 'Canary', { config, ingest: this.steps.ingest, query: this.steps.query });
    }
    this.ingestApi = new FunctionHttpApi(this, 'IngestApi', {
      config,
      description: 'Pinterest data pipeline: ingest',
      handler: this.steps.ingest,
      routes: INGEST_ROUTES,
    });
    this.ingestApi.output('IngestUrl');
    this.queryApi = new FunctionHttpApi(this, 'QueryApi', {
      config,
      description: 'Pinterest data pipeline: query',
      handler: this.steps.query,
      routes: config.page ? [...QUERY_ROUTES, ...PAGE_ROUTES] : QUERY_ROUTES,
    });
    this.queryApi.output('QueryUrl');
  }
}
