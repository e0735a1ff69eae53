/** The app's templates without the CDK's command line: for what reads them but deploys nothing. */
import { App } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { type PipelineConfig } from '../../lib/config';
import { composePipeline } from '../../lib/pipeline';
import { type CloudAssembly, readCloudAssembly } from './cloud-assembly';

/**
 * The assembly of a configuration, in a folder of its own below the system's temporary one. Functions are not bundled: their
 * assets are the sources, so that it takes a second or two. The feature flags of `cdk.json` are set, as they change templates.
 *
 * @param layers folder with the files of the layers, see `npm run layers`
 * @throws ConfigError if a layer is not there
 */
export function synthesizeAssembly(config: PipelineConfig, layers: string): CloudAssembly {
  const app = new App({
    context: { ...context, 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:annotationsInValidationReport': false },
    analyticsReporting: false,
  });
  composePipeline(app, config, { layers });
  return readCloudAssembly(app.synth().directory);
}
