import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type Construct } from 'constructs';
import { ConfigError, type PipelineConfig } from '../config';

export interface DuckdbLayerProps {
  readonly config: PipelineConfig;
  /** Folder that holds `duckdb-<arch>/nodejs/node_modules`, as `npm run layers` fetches it. */
  readonly directory: string;
}

/**
 * DuckDB as a layer: it is native, so it can't go through the bundler, and 65 MB, so it goes where it is used only.
 */
export class DuckdbLayer extends LayerVersion {
  /** What the bundler leaves out because the layer brings it. */
  public static readonly MODULES = ['@duckdb/*'] as const;

  constructor(scope: Construct, id: string, props: DuckdbLayerProps) {
    const arm = props.config.architecture === 'arm64';
    const directory = join(props.directory, `duckdb-${arm ? 'arm64' : 'x64'}`);
    if (!existsSync(join(directory, 'nodejs', 'node_modules'))) {
      // Fetching here would make synth need the network.
      throw new ConfigError(
        `the DuckDB layer for ${props.config.architecture} is not there: run 'npm run layers' once, then synthesize again`,
      );
    }
    super(scope, id, {
      description: 'DuckDB for compaction',
      code: Code.fromAsset(directory),
      compatibleArchitectures: [arm ? Architecture.ARM_64 : Architecture.X86_64],
      compatibleRuntimes: [Runtime.NODEJS_24_X],
    });
  }
}
