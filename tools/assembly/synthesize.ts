/** The app's templates without the CDK's command line: for what reads them but deploys nothing. */
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { type PipelineConfig } from '../../lib/config';
import { composePipeline, type PipelineOptions } from '../../lib/pipeline';
import { type CloudAssembly, readCloudAssembly } from './cloud-assembly';
import { ROOT } from '../kit/root';

/** Where `npm run layers` puts them. */
const LAYERS = join(ROOT, '.local', 'layers');

export interface SynthesisOptions extends Partial<PipelineOptions> {
  /** @default - a folder of its own below the system's temporary one */
  readonly directory?: string;
  /**
   * Whether functions are bundled, which takes seconds more.
   * @default false
   */
  readonly bundled?: boolean;
}

/**
 * The assembly of a configuration. Functions are not bundled unless it is asked for: their assets are the sources; and templates are not
 * validated, which a deployment's own synth does. So it takes a second or two. The other feature flags of `cdk.json` are set, as they
 * change templates.
 *
 * @throws ConfigError if a layer is not there
 */
export function synthesizeAssembly(config: PipelineConfig, options: SynthesisOptions = {}): CloudAssembly {
  const { directory, layers = LAYERS, bundled = false, ...parts } = options;
  const app = new App({
    outdir: directory,
    context: {
      ...context,
      ...(bundled ? {} : { 'aws:cdk:bundling-stacks': [] }),
      '@aws-cdk/core:annotationsInValidationReport': false,
      '@aws-cdk/core:validateAgainstDefaultRules': false,
    },
    analyticsReporting: false,
  });
  composePipeline(app, config, { layers, ...parts });
  return readCloudAssembly(app.synth().directory);
}
