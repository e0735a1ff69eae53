import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../lib/config';
import { synthesizeAssembly } from '../assembly/synthesize';
import { installed } from '../engines';
import { type Command } from '../kit/command';
import { DEPLOYED, parse } from '../kit/options';
import { ROOT } from '../kit/root';

/** The files of a stage's templates, in a folder. */
const templatesOf = (stage: string, directory: string): string[] =>
  synthesizeAssembly(loadConfig({ stage }), { directory }).stacks.map(({ file }) => file);

function run(argv: readonly string[]): void {
  parse(argv, {});
  const scratch = mkdtempSync(join(tmpdir(), 'pipeline-cfn-lint-'));
  try {
    const templates = DEPLOYED.flatMap((stage) => templatesOf(stage, join(scratch, stage)));
    const config = join(ROOT, 'tools', 'rehearsal', 'cfn-lint.yaml');
    const args = ['--config-file', config, '--format', 'parseable', '--', ...templates];
    const { status, error } = spawnSync(installed('rehearsal', 'bin', 'cfn-lint'), args, { stdio: 'inherit' });
    if (error) throw error;
    if (status === 0) console.log(`cfn-lint: no finding in ${templates.length} templates of ${DEPLOYED.join(', ')}`);
    process.exitCode = status ?? 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export const command: Command = { options: {}, run };
