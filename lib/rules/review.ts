import { type App, Validations } from 'aws-cdk-lib';
import { type PipelineConfig } from '../config';
import { DeployChecks } from './cloudformation';
import { ServerlessLensChecks, SolutionsChecks } from './nag';
import { PipelineChecks } from './pipeline-checks';

/** Shared by all apps of a process, because its engine needs a second to set up. */
let deployChecks: DeployChecks | undefined;

/** Reviews each synth of the app: a finding that is not acknowledged stops it. */
export function reviewAtSynth(app: App, config: PipelineConfig): void {
  deployChecks ??= new DeployChecks();
  Validations.of(app).addPlugins(
    deployChecks,
    new PipelineChecks(config),
    new SolutionsChecks(app),
    new ServerlessLensChecks(app),
  );
}
