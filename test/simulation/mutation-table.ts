/** docs/simulation-mutations.md: after how many seeds the simulation finds each mutation. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/kit/root';
import { markdownTable } from '../../tools/kit/table';
import { MUTATIONS } from './mutations';

export const TABLE_FILE = join(ROOT, 'docs', 'simulation-mutations.md');

export interface Result {
  /** The first that finds the mutation; undefined if none does. */
  readonly seed: number | undefined;
  /** What does not hold in it; or how many seeds there were. */
  readonly by: string;
}

const cell = (text: string) => text.replaceAll('|', '\\|');
const ROW = /^\| (.+?) +\| `.+?` +\| +(\d+|not found) +\| (.+?) +\|$/;

/** By name of the mutation. */
export function readTable(): Map<string, Result> {
  const results = new Map<string, Result>();
  const text = existsSync(TABLE_FILE) ? readFileSync(TABLE_FILE, 'utf8') : '';
  for (const line of text.split('\n')) {
    const [, name, seed, by] = ROW.exec(line) ?? [];
    if (name) results.set(name.replaceAll('\\|', '|'), { seed: seed === 'not found' ? undefined : Number(seed), by });
  }
  return results;
}

/** Only of the mutations that the list has today. */
export function tableText(results: ReadonlyMap<string, Result>): string {
  const tried = MUTATIONS.flatMap(({ name, file, unseen }) => {
    const result = unseen === undefined ? results.get(name) : { seed: undefined, by: unseen };
    return result ? [{ name, file, ...result }] : [];
  });
  const rows = tried.map(({ name, file, seed, by }) => [
    cell(name),
    `\`${file}\``,
    String(seed ?? 'not found'),
    cell(by),
  ]);
  const seeds = tried.flatMap(({ seed }) => seed ?? []);
  return `# Mutations and the seeds that find them

Each line is a mutation of the product, alone, and the first seed, from 1 on, in which the
[simulation](adr/0031-a-deterministic-simulation.md) finds it: ${seeds.length} of ${rows.length}, the last one by seed ${Math.max(...seeds)}.
\`npx tsx test/simulation/find-mutations.ts --write\` runs them and writes this page; a part of a name or of a file behind it chooses some.
\`test/simulation/mutations.ts\` says of each what it breaks, and under what.

${markdownTable(['mutation', 'file', 'seed', 'what does not hold'], rows)}
`;
}
