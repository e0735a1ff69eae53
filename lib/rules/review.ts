import { type App, Validations } from 'aws-cdk-lib';
import { type PipelineConfig } from '../config';
import { DeployChecks } from './cloudformation';
import { ServerlessLensChecks, SolutionsChecks } from './nag';
import { PipelineChecks } from './pipeline-checks';

/** One for all apps of a process, as its engine takes a second to set up. */
let deployChecks: DeployChecks | undefined;

/** Has each synth of the app reviewed: what is found and not acknowledged stops it. */
export function reviewAtSynth(app: App, config: PipelineConfig): void {
  deployChecks ??= new DeployChecks();
  Validations.of(app).addPlugins(
    deployChecks,
    new PipelineChecks(config),
    new SolutionsChecks(app),
    new ServerlessLensChecks(app),
  );
}
