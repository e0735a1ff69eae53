/** The app's templates without CDK's command line, for tools that read them and deploy nothing. */
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { type PipelineConfig } from '../../lib/config';
import { composePipeline, type PipelineOptions } from '../../lib/pipeline';
import { type CloudAssembly, readCloudAssembly, type StoredStack } from './cloud-assembly';
import { ROOT } from '../kit/root';

/** Where `npm run layers` writes them. */
const LAYERS = join(ROOT, '.local', 'layers');

export interface SynthesisOptions extends Partial<PipelineOptions> {
  /** @default - a new folder below the system's temporary one */
  readonly directory?: string;
  /**
   * Whether functions are bundled, which takes seconds more.
   * @default false
   */
  readonly bundled?: boolean;
}

/**
 * The assembly of a configuration, in a second or two: by default functions are not bundled and their assets are the sources, and
 * templates are not validated, which `cdk-synth.ts` does. The other feature flags of `cdk.json` are set, as they change templates.
 *
 * @throws ConfigError if a layer is missing
 */
export function synthesizeAssembly(config: PipelineConfig, options: SynthesisOptions = {}): CloudAssembly<StoredStack> {
  const { directory, layers = LAYERS, bundled = false, ...parts } = options;
  const app = new App({
    outdir: directory,
    context: {
      ...context,
      ...(bundled ? {} : { 'aws:cdk:bundling-stacks': [] }),
      '@aws-cdk/core:annotationsInValidationReport': false,
    },
    builtinCloudFormationValidation: false,
    analyticsReporting: false,
  });
  composePipeline(app, config, { layers, ...parts });
  return readCloudAssembly(app.synth().directory);
}
