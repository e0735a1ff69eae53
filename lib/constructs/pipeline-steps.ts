import { Duration } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ENV } from '../../lambda/runtime/env';
import { FUNCTION_MB } from '../capacity/functions';
import { aggregateMb, compactDiskMb } from '../capacity/loads';
import { type PipelineConfig } from '../config';
import { batchFlow, type FlowFunction, type FlowNames, type FlowTask } from './batch-flow';
import { DuckdbLayer } from './duckdb-layer';
import { type KafkaCluster } from './kafka-cluster';
import { MAX_TIMEOUT, PipelineFunction, type FunctionNetwork, type PipelineFunctionProps } from './pipeline-function';
import { writePage } from './page-files';
import { type PostLake, type Prefix } from './post-lake';
import { type SparkApplication } from './spark-application';
import { type ViewStore } from './view-store';

export interface PipelineStepsProps {
  readonly config: PipelineConfig;
  readonly network: FunctionNetwork;
  readonly kafka: KafkaCluster;
  readonly lake: PostLake;
  readonly views: ViewStore;
  /** Folder with the files of the layers, see `npm run layers`. */
  readonly layers: string;
}

/** The longest time that an HTTP API waits for its function. */
const API_TIMEOUT = Duration.seconds(29);

/** Seconds that `archive` may take after its window: pollers, a cold start, the write, and a failed attempt. */
const ARCHIVE_TIME = 180;

/** What `compact` reads and writes beside its own where it computes the views, too. */
const VIEWS_READ: readonly Prefix[] = ['posts', 'views'];
const VIEWS_WRITTEN: readonly Prefix[] = ['views'];

/** The functions of the pipeline, each with the permissions and variables of its step and no others. */
export class PipelineSteps extends Construct {
  public readonly ingest: PipelineFunction;
  public readonly archive: PipelineFunction;
  public readonly aggregate: PipelineFunction;
  public readonly seal: PipelineFunction;
  public readonly compact: PipelineFunction;
  public readonly publish: PipelineFunction;
  public readonly reconcile: PipelineFunction;
  public readonly query: PipelineFunction;

  private readonly props: PipelineStepsProps;

  constructor(scope: Construct, id: string, props: PipelineStepsProps) {
    super(scope, id);
    this.props = props;
    // First, because the layer may be missing, and bundling the functions takes a while.
    const duckdb = new DuckdbLayer(this, 'Duckdb', { config: props.config, directory: props.layers });
    this.ingest = this.ingestStep();
    this.archive = this.archiveStep();
    this.aggregate = this.aggregateStep();
    this.seal = this.sealStep();
    this.compact = this.compactStep(duckdb);
    this.publish = this.publishStep();
    this.reconcile = this.reconcileStep();
    this.query = this.queryStep();
  }

  /** The consumer group of a step. */
  public consumerGroup(step: 'archive' | 'aggregate'): string {
    const { project, stage } = this.props.config;
    return `${project}-${stage}-${step}`;
  }

  private ingestStep(): PipelineFunction {
    const { config, kafka } = this.props;
    const fn = this.step('Ingest', {
      folder: 'ingest',
      description: 'Writes posts of HTTP requests to the topic and acknowledges them when they are durable',
      memory: FUNCTION_MB.ingest,
      timeout: API_TIMEOUT,
      // Each instance holds connections to every broker, and brokers take a limited number.
      concurrency: config.ingestConcurrency,
    });
    kafka.bindProducer(fn);
    return fn;
  }

  private archiveStep(): PipelineFunction {
    const { config, kafka, lake } = this.props;
    const fn = this.step('Archive', {
      folder: 'archive',
      description: 'Writes the topic to the raw log in S3, and records that are not posts to the quarantine',
      memory: FUNCTION_MB.archive,
      timeout: Duration.minutes(5),
    });
    kafka.bindTopicName(fn);
    lake.bind(fn, { write: ['raw', 'quarantine'] });
    kafka.bindEventSource(fn, {
      batchSize: config.batchSize,
      window: Duration.seconds(config.archiveWindowSeconds),
      consumerGroup: this.consumerGroup('archive'),
    });
    return fn;
  }

  private aggregateStep(): PipelineFunction {
    const { config, kafka, views } = this.props;
    const fn = this.step('Aggregate', {
      folder: 'aggregate',
      description: 'Appends the posts of the topic to the log of the speed layer, and folds it',
      memory: aggregateMb(config),
      timeout: Duration.minutes(5),
    });
    views.bind(fn, { speedLog: 'rw', speedHead: 'rw', speedRuns: 'rw', speedPosts: 'rw' });
    fn.setEnvironment({
      [ENV.intervalMinutes]: String(config.intervalMinutes),
      [ENV.speedHorizonIntervals]: String(config.speedHorizonIntervals),
      [ENV.identityHorizonHours]: String(config.identityHorizonHours),
    });
    kafka.bindEventSource(fn, {
      batchSize: config.batchSize,
      window: Duration.seconds(config.aggregateWindowSeconds),
      consumerGroup: this.consumerGroup('aggregate'),
    });
    return fn;
  }

  private sealStep(): PipelineFunction {
    const { config, kafka, lake } = this.props;
    const fn = this.step('Seal', {
      folder: 'seal',
      description: 'Fixes the offset ranges of intervals that are over, once the archive has their records',
      memory: 512,
      timeout: MAX_TIMEOUT,
    });
    // It reads offsets, and writes a heartbeat record where there is no later record.
    kafka.bindProducer(fn);
    // The marks of published intervals show what an earlier run did not finish.
    lake.bind(fn, { read: ['seals', 'published', 'plan'], list: ['raw'], write: ['seals', 'plan'] });
    fn.setEnvironment({
      [ENV.intervalMinutes]: String(config.intervalMinutes),
      [ENV.archiveWaitSeconds]: String(config.archiveWindowSeconds + ARCHIVE_TIME),
    });
    return fn;
  }

  private compactStep(duckdb: DuckdbLayer): PipelineFunction {
    const { config, lake } = this.props;
    const fn = this.step('Compact', {
      folder: 'compact',
      description: 'Compacts the raw log of an interval and partition to Parquet, each post once; writes manifests',
      // DuckDB uses as many threads as there are vCPUs: two.
      memory: FUNCTION_MB.compact,
      // For downloaded raw objects, and for data that DuckDB spills from memory.
      temporaryStorage: compactDiskMb(config),
      timeout: MAX_TIMEOUT,
      externalModules: DuckdbLayer.MODULES,
      layers: [duckdb],
    });
    const views = config.viewsEngine !== 'spark';
    lake.bind(fn, {
      read: ['raw', 'dedupIndex', 'incompletePosts', 'seals', 'manifests', 'plan', ...(views ? VIEWS_READ : [])],
      write: ['posts', 'dedupIndex', 'incompletePosts', 'manifests', 'plan', ...(views ? VIEWS_WRITTEN : [])],
    });
    fn.setEnvironment({
      [ENV.intervalMinutes]: String(config.intervalMinutes),
      [ENV.identityHorizonHours]: String(config.identityHorizonHours),
      [ENV.viewsEngine]: config.viewsEngine,
    });
    return fn;
  }

  private publishStep(): PipelineFunction {
    const { config, kafka, lake, views } = this.props;
    const fn = this.step('Publish', {
      folder: 'publish',
      description: 'Writes batch views and roll-ups to the store, then moves the time boundary',
      memory: 1024,
      timeout: MAX_TIMEOUT,
    });
    kafka.bindTopicName(fn);
    lake.bind(fn, { read: ['views', 'seals', 'plan'], list: ['manifests'], write: ['published', 'plan'] });
    views.bind(fn, { batchViews: 'rw', batchRuns: 'rw', unreferencedRuns: 'rw', boundary: 'rw' });
    fn.setEnvironment({ [ENV.intervalMinutes]: String(config.intervalMinutes) });
    return fn;
  }

  private reconcileStep(): PipelineFunction {
    const { config, kafka, lake, views } = this.props;
    const fn = this.step('Reconcile', {
      folder: 'reconcile',
      description: 'Computes the difference between the layers, per view and interval',
      memory: 1024,
      timeout: MAX_TIMEOUT,
    });
    kafka.bindTopicName(fn);
    lake.bind(fn, { read: ['seals', 'plan'], write: ['drift', 'plan'] });
    views.bind(fn, {
      ...{ speedLog: 'r', speedHead: 'r', speedRuns: 'r' },
      ...{ batchViews: 'r', batchRuns: 'r', boundary: 'rw' },
    });
    fn.setEnvironment({
      [ENV.intervalMinutes]: String(config.intervalMinutes),
      [ENV.speedTtlHours]: String(config.speedTtlHours),
    });
    return fn;
  }

  private queryStep(): PipelineFunction {
    const { config, kafka, views } = this.props;
    const fn = this.step('Query', {
      folder: 'query',
      description: 'Query API: batch views up to the time boundary, the speed layer after it',
      memory: 1024,
      timeout: API_TIMEOUT,
      files: config.page ? writePage : undefined,
    });
    kafka.bindTopicName(fn);
    views.bind(fn, {
      ...{ speedLog: 'r', speedHead: 'r', speedRuns: 'r' },
      ...{ batchViews: 'r', batchRuns: 'r', boundary: 'r' },
    });
    fn.setEnvironment({
      [ENV.intervalMinutes]: String(config.intervalMinutes),
      [ENV.partitions]: String(config.partitions),
      [ENV.speedTtlHours]: String(config.speedTtlHours),
    });
    return fn;
  }

  /** Sets the variables of `query` for the status page. The function's asset contains the page's files. */
  public bindPage(): void {
    const { config } = this.props;
    this.query.setEnvironment({
      [ENV.stage]: config.stage,
      [ENV.publishDelayMinutes]: String(config.publishDelayMinutes),
      [ENV.archiveFunction]: this.archive.function.functionName,
      [ENV.aggregateFunction]: this.aggregate.function.functionName,
    });
  }

  private step(id: string, props: Omit<PipelineFunctionProps, 'config' | 'network'>): PipelineFunction {
    const { config, network } = this.props;
    const fn = new PipelineFunction(this, id, { ...props, config, network });
    fn.bindMetrics(config);
    return fn;
  }
}

/** The flow of the batch layer over these functions. */
export function flowOf({
  config,
  steps,
  spark,
  lake,
}: {
  readonly config: PipelineConfig;
  readonly steps: PipelineSteps;
  readonly spark?: SparkApplication;
  readonly lake: PostLake;
}): { readonly tasks: readonly FlowTask[]; readonly names: FlowNames } {
  const nameOf = (step: FlowFunction) => steps[step].function.functionName;
  return {
    tasks: batchFlow(config),
    names: {
      functions: {
        seal: nameOf('seal'),
        compact: nameOf('compact'),
        publish: nameOf('publish'),
        reconcile: nameOf('reconcile'),
      },
      ...(spark && {
        spark: {
          applicationId: spark.application.attrApplicationId,
          jobRoleArn: spark.jobRole.roleArn,
          lake: lake.bucket.bucketName,
        },
      }),
    },
  };
}

/** Lets a role run the batch layer: invoke its four steps and run the Spark job between them, where there is one. */
export function bindOrchestrator(
  role: Role,
  { steps, spark }: { steps: PipelineSteps; spark?: SparkApplication },
): void {
  role.addToPolicy(
    new PolicyStatement({
      actions: ['lambda:InvokeFunction'],
      resources: [steps.seal, steps.compact, steps.publish, steps.reconcile].map((step) => step.function.functionArn),
    }),
  );
  spark?.bindSubmitter(role);
}
