/** Compares the schema of a post with the released one. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command } from '../kit/command';
import { flag, parse } from '../kit/options';
import { ROOT } from '../kit/root';
import { incompatibilities, type Schema } from './schemas/compatible';

const PRESENT = 'docs/schemas/post.schema.json';
const RELEASED = 'docs/schemas/post.schema.released.json';

type Versioned = Schema & { readonly 'x-version': number };

const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Versioned;

const OPTIONS = { release: flag('makes the present schema the released one, if it is compatible') };

/** One line for each thing that stands against a release. */
export function findings(released: Versioned, present: Versioned): string[] {
  const [was, is] = [released['x-version'], present['x-version']];
  const lost = incompatibilities(released, present);
  const changed = JSON.stringify({ ...released, 'x-version': is }) !== JSON.stringify(present);
  const raised = is > was || (is === was && !changed);
  return [...lost, ...(raised ? [] : [`x-version must be greater than ${was}, got ${is}: the schema has changed`])];
}

function run(argv: readonly string[]): void {
  const { release } = parse(argv, OPTIONS).values;
  const [released, present] = [read(RELEASED), read(PRESENT)];
  const found = findings(released, present);
  const [was, is] = [released['x-version'], present['x-version']];
  if (found.length > 0) {
    console.log([`version ${is} of the schema can't follow version ${was}:`, ...found].join('\n  '));
    process.exitCode = 1;
    return;
  }
  console.log(
    `version ${is} of the schema is compatible with version ${was}: it accepts all posts that ${was} accepts`,
  );
  if (release) copyFileSync(join(ROOT, PRESENT), join(ROOT, RELEASED));
}

export const command: Command = {
  options: OPTIONS,
  about: `Compares ${PRESENT} with ${RELEASED}. The version is POST_SCHEMA_VERSION in lambda/domain/post.ts.`,
  run,
};
