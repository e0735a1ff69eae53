import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STAGES } from '../../lib/config';
import { type Command } from '../kit/command';
import { oneOf, parse, text, withDefault } from '../kit/options';
import { kept, keptText, type TemplateText } from '../assembly/retained';

const SUFFIX = '.template.json';

const OPTIONS = {
  stage: withDefault('dev', oneOf('S', `stage: ${STAGES.join(', ')}`, STAGES)),
  assembly: withDefault('cdk.out', text('DIR', 'the folder of the cloud assembly', 'a folder')),
};

function run(argv: readonly string[]): void {
  const { stage, assembly } = parse(argv, OPTIONS).values;
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

export const command: Command = { options: OPTIONS, about: 'Reads the templates that `npx cdk synth` wrote.', run };
