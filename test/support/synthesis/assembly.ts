/**
 * Assemblies for tests. Jest loads everything anew for every test file, and the CDK takes longer to load, and to get warm,
 * than to synthesize: so a process of its own synthesizes each configuration once a run, when the first file asks for it.
 * Nothing outlives the run, so nothing is ever stale.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asked, failed, FOLDER, type Question, setting, SYNTHESIZER } from './folder';

const POLL_MS = 10;
/** One takes a second or two; some twenty may be asked for before it, on a machine that is busy. */
const PATIENCE_MS = 300_000;

/**
 * The folder with the assembly of a configuration, as `synthesizeAssembly` makes it. Others read it, too: change nothing.
 *
 * @throws Error with what the synthesis threw
 */
export function assemblyOf(question: Question): string {
  const text = JSON.stringify(question);
  // A folder of DAGs is a test's own, which may change it and ask again.
  const name = question.dags === undefined ? createHash('sha256').update(text).digest('hex') : randomUUID();
  const assembly = join(setting(FOLDER), name);
  if (!existsSync(assembly)) ask(assembly, text);
  const giveUp = Date.now() + PATIENCE_MS;
  while (!existsSync(assembly)) {
    if (existsSync(failed(assembly))) throw new Error(readFileSync(failed(assembly), 'utf8'));
    if (!synthesizerLives()) throw new Error('the process that synthesizes has ended');
    if (Date.now() > giveUp) throw new Error(`no assembly within ${PATIENCE_MS} ms of ${text}`);
    // The callers are not asynchronous, as a synthesis of their own would not be.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
  return assembly;
}

function ask(assembly: string, text: string): void {
  const draft = `${assembly}.${randomUUID()}`;
  writeFileSync(draft, text);
  renameSync(draft, asked(assembly));
}

function synthesizerLives(): boolean {
  try {
    return process.kill(Number(setting(SYNTHESIZER)), 0);
  } catch {
    return false;
  }
}

/** A folder that looks like what `npm run layers` leaves. */
export function emptyLayers(): string {
  const directory = join(setting(FOLDER), 'layers');
  for (const arch of ['arm64', 'x64']) {
    mkdirSync(join(directory, `duckdb-${arch}`, 'nodejs', 'node_modules'), { recursive: true });
  }
  return directory;
}
