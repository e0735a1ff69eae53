import { STAGES } from '../../lib/config';
import { readCloudAssembly, type Stack } from '../assembly/cloud-assembly';
import { retainedIn, retainedText } from '../assembly/retained';
import { type Command } from '../kit/command';
import { oneOf, parse, text, withDefault } from '../kit/options';

/** The stacks of a stage; none if there is no assembly. */
function stacksOf(assembly: string, stage: string): Stack[] {
  try {
    return readCloudAssembly(assembly).stacks.filter(({ name }) => name.includes(`-${stage}-`));
  } catch {
    return [];
  }
}

const OPTIONS = {
  stage: withDefault('dev', oneOf('S', `stage: ${STAGES.join(', ')}`, STAGES)),
  assembly: withDefault('cdk.out', text('DIR', 'the folder of the cloud assembly', 'a folder')),
};

function run(argv: readonly string[]): void {
  const { stage, assembly } = parse(argv, OPTIONS).values;
  const stacks = stacksOf(assembly, stage);
  if (stacks.length === 0) {
    throw new Error(`no templates of stage ${stage} in ${assembly}: run 'npx cdk synth -q -c stage=${stage}' first`);
  }
  console.log(retainedText(retainedIn(stacks)));
}

export const command: Command = { options: OPTIONS, about: 'Reads the templates that `npx cdk synth` wrote.', run };
