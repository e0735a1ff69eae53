/**
 * Runs the simulation on each mutation of the product, and prints after how many seeds it finds it:
 * `npx tsx test/simulation/find-mutations.ts [--seed 1] [--runs 200] [part of a name or file …]`. Exits with 1 if one is not found.
 */
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mapConcurrently } from '../../lambda/runtime/concurrent';
import { ROOT } from '../../tools/kit/root';
import { MUTATIONS, type Mutation } from './mutations';

const FOLDER = join(ROOT, '.local', 'mutations');

/** Seeds in one process, up to the first one that fails: nobody reads its shortest history. */
const PROGRAM = `
  import { makePlan } from './tools/simulate/plan';
  import { runPlan } from './tools/simulate/run';
  void (async () => {
    const [first, runs] = process.argv.slice(2).map(Number);
    for (let seed = first; seed < first + runs; seed++) {
      const { error } = await runPlan(makePlan({ seed }));
      if (error) return console.log('seed ' + seed + ' fails: ' + error.message);
    }
    console.log('all invariants hold');
  })();`;

/** The simulation with the mutated product, as one file. */
async function bundle({ file, find, replace }: Mutation, outfile: string): Promise<void> {
  const mutated = readFileSync(join(ROOT, file), 'utf8').replace(find, () => replace);
  await build({
    stdin: { contents: PROGRAM, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    outfile,
    logLevel: 'error',
    plugins: [
      {
        name: 'mutation',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path === join(ROOT, file) ? { contents: mutated, loader: 'ts' } : undefined,
          ),
      },
    ],
  });
}

/** @returns what the simulation prints first */
function simulate(program: string, ...seeds: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...seeds], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
    child.once('error', reject);
    child.once('close', () => resolve(output.split('\n', 1)[0]));
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, runs: { type: 'string', default: '200' } },
    allowPositionals: true,
  });
  const isChosen = ({ file, name }: Mutation) =>
    positionals.length === 0 || positionals.some((part) => `${file} ${name}`.includes(part));
  const chosen = MUTATIONS.filter(isChosen);
  mkdirSync(FOLDER, { recursive: true });
  const missed: string[] = [];
  await mapConcurrently([...chosen.entries()], availableParallelism(), async ([i, mutation]) => {
    const program = join(FOLDER, `${i}.cjs`);
    await bundle(mutation, program);
    const line = await simulate(program, values.seed, values.runs);
    rmSync(program);
    const found = /^seed (\d+) fails: (.*)$/.exec(line);
    if (!found) missed.push(mutation.name);
    console.log(`${found ? `seed ${found[1].padStart(3)}` : 'NOT FOUND'}  ${mutation.name}  ${found?.[2] ?? line}`);
  });
  console.log(`${chosen.length - missed.length} of ${chosen.length} found`);
  if (missed.length > 0) process.exitCode = 1;
}

void main();
