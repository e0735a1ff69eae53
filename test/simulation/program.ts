/**
 * The simulation as a program of its own, in which the product may be changed. Seeds take twice as long inside Jest, where every global
 * is looked up in another context.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../../tools/kit/root';
import { type Mutation } from './mutations';

const FAILED = 'failed ';

const PROGRAM = `
  import { makePlan } from './tools/simulate/plan';
  import { runPlan } from './tools/simulate/run';
  void (async () => {
    const [first, runs] = process.argv.slice(2).map(Number);
    for (let seed = first; seed < first + runs; seed++) {
      const { error } = await runPlan(makePlan({ seed }));
      if (!error) continue;
      const { invariant = error.name, message } = error;
      return console.log('${FAILED}' + JSON.stringify({ seed, invariant, message }));
    }
    console.log('held');
  })();`;

/** The first seed in which an invariant does not hold. */
export interface Failure {
  readonly seed: number;
  /** Its name, or that of the error that ended the run. */
  readonly invariant: string;
  readonly message: string;
}

function mutating({ file, find, replace }: Mutation): Plugin {
  const path = join(ROOT, file);
  const contents = readFileSync(path, 'utf8').replace(find, () => replace);
  return {
    name: 'mutation',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.ts$/ }, (loaded) => (loaded.path === path ? { contents, loader: 'ts' } : undefined)),
  };
}

async function bundle(outfile: string, mutation?: Mutation): Promise<void> {
  await build({
    stdin: { contents: PROGRAM, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    outfile,
    logLevel: 'error',
    plugins: mutation ? [mutating(mutation)] : [],
  });
}

/** Beside node_modules, where it finds what is not bundled. */
const FOLDER = join(ROOT, '.local', 'simulation');
let programs = 0;

/**
 * Runs seeds up to the first one that fails.
 * @param mutation @default - the product as it is
 * @returns undefined if none fails @throws Error if the program itself fails
 */
export async function firstFailure(first: number, runs: number, mutation?: Mutation): Promise<Failure | undefined> {
  mkdirSync(FOLDER, { recursive: true });
  const program = join(FOLDER, `${process.pid}-${programs++}.cjs`);
  try {
    await bundle(program, mutation);
    return await execute(program, first, runs);
  } finally {
    rmSync(program, { force: true });
  }
}

function execute(program: string, first: number, runs: number): Promise<Failure | undefined> {
  return new Promise((resolve, reject) => {
    const seeds = [first, runs].map(String);
    const child = spawn(process.execPath, [program, ...seeds], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
    child.once('error', reject);
    child.once('close', () => {
      const line = output.trimEnd().split('\n').at(-1)!;
      if (line === 'held') resolve(undefined);
      else if (line.startsWith(FAILED)) resolve(JSON.parse(line.slice(FAILED.length)) as Failure);
      else reject(new Error(`the simulation ended: ${output}`));
    });
  });
}
