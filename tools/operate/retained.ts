#!/usr/bin/env node
/** `npm run kept -- --stage S`: what `cdk destroy` of a stage would leave, from the assembly that `cdk synth` wrote. */
import { parseArgs } from 'node:util';
import { STAGES } from '../../lib/config';
import { readCloudAssembly, type Stack } from '../assembly/cloud-assembly';
import { retainedIn, retainedText } from '../assembly/retained';

/** The stacks of a stage; none if there is no assembly. */
function stacksOf(assembly: string, stage: string): Stack[] {
  try {
    return readCloudAssembly(assembly).stacks.filter(({ name }) => name.includes(`-${stage}-`));
  } catch {
    return [];
  }
}

function main(): void {
  const { values } = parseArgs({
    options: { stage: { type: 'string', default: 'dev' }, assembly: { type: 'string', default: 'cdk.out' } },
  });
  const { stage, assembly } = values;
  if (!(STAGES as readonly string[]).includes(stage)) {
    throw new Error(`--stage must be one of ${STAGES.join(', ')}, got '${stage}'`);
  }
  const stacks = stacksOf(assembly, stage);
  if (stacks.length === 0) {
    throw new Error(`no templates of stage ${stage} in ${assembly}: run 'npx cdk synth -q -c stage=${stage}' first`);
  }
  console.log(retainedText(retainedIn(stacks)));
}

try {
  main();
} catch (error) {
  console.error(`kept: ${(error as Error).message}`);
  process.exit(1);
}
