/** The process that synthesizes for a run of the tests, see `assembly.ts`. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../lib/config';
import { synthesizeAssembly } from '../../../tools/assembly/synthesize';
import { emptyLayers } from './assembly';
import { asked, failed, FOLDER, type Question, setting } from './folder';

const POLL_MS = 10;
const folder = setting(FOLDER);
const SUFFIX = asked('');

function answer(assembly: string): void {
  const { overrides, dags, bundled } = JSON.parse(readFileSync(asked(assembly), 'utf8')) as Question;
  rmSync(asked(assembly));
  // Two files may have asked at once.
  if (existsSync(assembly)) return;
  const directory = `${assembly}.draft`;
  try {
    synthesizeAssembly(loadConfig(overrides), { layers: emptyLayers(), dags, bundled, directory });
    for (const name of readdirSync(directory)) {
      // The AWS CLI, a layer of CDK's: 20 MB that no test reads.
      if (name.endsWith('.zip')) rmSync(join(directory, name));
    }
    renameSync(directory, assembly);
  } catch (error) {
    writeFileSync(failed(assembly), error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function look(): void {
  for (const name of readdirSync(folder).filter((each) => each.endsWith(SUFFIX))) {
    answer(join(folder, name.slice(0, -SUFFIX.length)));
  }
  setTimeout(look, POLL_MS);
}

// Jest has ended, or was ended.
process.once('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
look();
