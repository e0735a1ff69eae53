import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { loadConfig } from '../../lib/config';
import { composePipeline } from '../../lib/pipeline';
import { installed, ROOT } from '../engines/paths';
import { type Command } from '../kit/command';
import { DEPLOYED, parse } from '../kit/options';

/** Writes a stage's templates to a folder; without bundling, of which they show the hashes only. */
function templatesOf(stage: string, outdir: string): string[] {
  const app = new App({ outdir, context: { ...context, 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  composePipeline(app, loadConfig({ stage }), { layers: join(ROOT, '.local', 'layers') });
  app.synth();
  return readdirSync(outdir)
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => join(outdir, file));
}

function run(argv: readonly string[]): void {
  parse(argv, {});
  const scratch = mkdtempSync(join(tmpdir(), 'pipeline-cfn-lint-'));
  try {
    const templates = DEPLOYED.flatMap((stage) => templatesOf(stage, join(scratch, stage)));
    const config = join(ROOT, 'tools', 'rehearsal', 'cfn-lint.yaml');
    const args = ['--config-file', config, '--format', 'parseable', '--', ...templates];
    const { status, error } = spawnSync(installed('rehearsal', 'bin', 'cfn-lint'), args, { stdio: 'inherit' });
    if (error) throw error;
    if (status === 0)
      console.log(`cfn-lint: nothing to find in ${templates.length} templates of ${DEPLOYED.join(', ')}`);
    process.exitCode = status ?? 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export const command: Command = { options: {}, run };
