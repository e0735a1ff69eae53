import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type Construct } from 'constructs';
import { ConfigError, type PipelineConfig } from '../config';

export interface DuckdbLayerProps {
  readonly config: PipelineConfig;
  /** Folder with `duckdb-<arch>/nodejs/node_modules`, which `npm run layers` fetches. */
  readonly directory: string;
}

/**
 * DuckDB as a layer: it is native, so the bundler can't include it. It has 65 MB, so only the function that uses it gets it.
 */
export class DuckdbLayer extends LayerVersion {
  /** Modules that the bundler omits because the layer provides them. */
  public static readonly MODULES = ['@duckdb/*'] as const;

  constructor(scope: Construct, id: string, props: DuckdbLayerProps) {
    const arm = props.config.architecture === 'arm64';
    const directory = join(props.directory, `duckdb-${arm ? 'arm64' : 'x64'}`);
    if (!existsSync(join(directory, 'nodejs', 'node_modules'))) {
      // Fetching it here would make synth depend on the network.
      throw new ConfigError(
        `the DuckDB layer for ${props.config.architecture} is missing: run 'npm run layers' once, then synthesize again`,
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
