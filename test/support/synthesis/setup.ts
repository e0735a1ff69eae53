import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FOLDER, SYNTHESIZER } from './folder';

declare global {
  var synthesizer: ChildProcess;
}

/** Before the first test: starts the process that synthesizes. Jest's workers get the variables. */
export default function setup(): void {
  process.env[FOLDER] = mkdtempSync(join(tmpdir(), 'pipeline-assemblies-'));
  globalThis.synthesizer = fork(join(__dirname, 'synthesizer.ts'), {
    execArgv: ['--import', pathToFileURL(require.resolve('tsx')).href],
  });
  process.env[SYNTHESIZER] = String(globalThis.synthesizer.pid);
}
