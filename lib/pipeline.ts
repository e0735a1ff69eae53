import { type App, CfnOutput } from 'aws-cdk-lib';
import { type PipelineConfig } from './config';
import { dagConfig } from './constructs/airflow-environment';
import { NetworkStack } from './stacks/network';
import { ObservabilityStack } from './stacks/observability';
import { OrchestrationStack } from './stacks/orchestration';
import { ProcessingStack } from './stacks/processing';
import { StorageStack } from './stacks/storage';

export interface Pipeline {
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  readonly processing: ProcessingStack;
  /** Absent where `orchestrator` is `none`. */
  readonly orchestration?: OrchestrationStack;
  readonly observability: ObservabilityStack;
}

export interface PipelineOptions {
  /** Folder with the files of the layers, see `npm run layers`. */
  readonly layers: string;
  /**
   * Folder with the DAGs of Airflow.
   * @default - `dags` of this repository
   */
  readonly dags?: string;
}

/** Composes the stacks. References have one direction: network ← storage ← processing ← orchestration, observability. */
export function composePipeline(app: App, config: PipelineConfig, options: PipelineOptions): Pipeline {
  const network = new NetworkStack(app, { config });
  const storage = new StorageStack(app, { config, network: network.network, key: network.key?.key });
  network.key?.encrypt(app);
  const processing = new ProcessingStack(app, {
    config,
    network: network.network,
    kafka: storage.kafka,
    lake: storage.lake,
    views: storage.views,
    layers: options.layers,
  });
  // Statements name tables as text, so CloudFormation can't derive that the tables must exist first.
  processing.addStackDependency(storage);
  const parts = { config, steps: processing.steps, spark: processing.spark, lake: storage.lake };
  const orchestration =
    config.orchestrator === 'none'
      ? undefined
      : new OrchestrationStack(app, { ...parts, network: network.network, dags: options.dags });
  if (!orchestration) {
    new CfnOutput(processing, 'DagConfig', {
      value: dagConfig(processing, parts),
      description: 'Option config in section pipeline of your own Airflow, for dags/pipeline.py',
    });
  }
  const { steps, canary, ingestApi, queryApi } = processing;
  const monitored = { config, kafka: storage.kafka, steps, canary, ingestApi, queryApi };
  const observability = new ObservabilityStack(app, {
    config,
    monitored,
    network: network.network,
    lake: storage.lake,
    views: storage.views,
    spark: processing.spark,
    airflow: orchestration?.airflow,
    key: network.key?.key,
  });
  return { network, storage, processing, orchestration, observability };
}
