/**
 * Runs the simulation on each mutation of the product, and prints which seed finds it:
 * `npx tsx test/simulation/find-mutations.ts [--seed 1] [--runs 200] [--write] [part of a name or file …]`. `--write` puts the results
 * into docs/simulation-mutations.md. Exits with 1 if a mutation is not found.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { mapConcurrently } from '../../lambda/runtime/concurrent';
import { readTable, TABLE_FILE, tableText, type Result } from './mutation-table';
import { MUTATIONS, type Mutation } from './mutations';
import { firstFailure } from './program';

async function writeTable(results: ReadonlyMap<string, Result>): Promise<void> {
  const text = tableText(results);
  const formatted = await format(text, { ...(await resolveConfig(TABLE_FILE)), filepath: TABLE_FILE });
  writeFileSync(TABLE_FILE, formatted);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '200' },
      write: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const isChosen = ({ file, name }: Mutation) =>
    positionals.length === 0 || positionals.some((part) => `${file} ${name}`.includes(part));
  const chosen = MUTATIONS.filter((each) => each.unseen === undefined && isChosen(each));
  const missed: string[] = [];
  // A run of some mutations leaves the others as they are.
  const results = readTable();
  let written = Promise.resolve();
  await mapConcurrently(chosen, availableParallelism(), async (mutation) => {
    const { name } = mutation;
    const failure = await firstFailure(Number(values.seed), Number(values.runs), mutation);
    if (failure && (await firstFailure(failure.seed, 1)))
      throw new Error(`seed ${failure.seed} fails without a mutation`);
    if (!failure) missed.push(name);
    console.log(
      failure ? `seed ${String(failure.seed).padStart(3)}  ${name}  ${failure.message}` : `NOT FOUND  ${name}`,
    );
    const result = failure
      ? { seed: failure.seed, by: failure.invariant }
      : { seed: undefined, by: `in ${values.runs} seeds` };
    results.set(name, result);
    if (values.write) written = written.then(() => writeTable(results));
  });
  await written;
  console.log(`${chosen.length - missed.length} of ${chosen.length} found`);
  if (missed.length > 0) process.exitCode = 1;
}

void main();
