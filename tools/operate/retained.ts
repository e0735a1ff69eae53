#!/usr/bin/env node
/** `npm run kept -- --stage S`: what `cdk destroy` of a stage would leave, from the templates that `cdk synth` wrote. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { STAGES } from '../../lib/config';
import { kept, keptText, type TemplateText } from '../assembly/retained';

const SUFFIX = '.template.json';

function main(): void {
  const { values } = parseArgs({
    options: { stage: { type: 'string', default: 'dev' }, assembly: { type: 'string', default: 'cdk.out' } },
  });
  const { stage, assembly } = values;
  if (!(STAGES as readonly string[]).includes(stage)) {
    throw new Error(`--stage must be one of ${STAGES.join(', ')}, got '${stage}'`);
  }
  let files: string[] = [];
  try {
    files = readdirSync(assembly).filter((name) => name.endsWith(SUFFIX) && name.includes(`-${stage}-`));
  } catch {
    // Said below, as for a folder of another stage.
  }
  if (files.length === 0) {
    throw new Error(`no templates of stage ${stage} in ${assembly}: run 'npx cdk synth -q -c stage=${stage}' first`);
  }
  const stacks = Object.fromEntries(
    files.map((name) => [
      name.slice(0, -SUFFIX.length),
      JSON.parse(readFileSync(join(assembly, name), 'utf8')) as TemplateText,
    ]),
  );
  console.log(keptText(kept(stacks)));
}

try {
  main();
} catch (error) {
  console.error(`kept: ${(error as Error).message}`);
  process.exit(1);
}
