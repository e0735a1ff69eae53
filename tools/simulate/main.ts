/** `npm run simulate`: runs seeds, and prints the shortest history of one that fails. */
import { type Command } from '../kit/command';
import { flag, integer, oneOf, optional, parse, repeated, withDefault } from '../kit/options';
import { FAULT_KINDS, KNOWN, makePlan, type Known, type Plan } from './plan';
import { runPlan, type Outcome, type RunOptions } from './run';
import { shrink } from './shrink';
import { InvariantError } from './world';

const NAMES = Object.keys(KNOWN) as Known[];

const OPTIONS = {
  seed: withDefault('1', integer('S', 'first seed', 0, 2 ** 48)),
  runs: withDefault('1', integer('N', 'seeds, from the first one on', 1, 1_000_000)),
  hours: optional(integer('H', 'hours in which posts come and faults happen', 6, 1_000)),
  posts: optional(integer('P', 'posts', 1, 100_000)),
  only: repeated(oneOf('KIND', `only faults of this kind: ${FAULT_KINDS.join(', ')}`, FAULT_KINDS)),
  known: repeated(oneOf('FAULT', `looks for a known fault of the product, too: ${NAMES.join(', ')}`, NAMES)),
  trace: flag('prints all that happens'),
  whole: flag('does not look for the shortest history'),
};

const nameOf = ({ error }: Outcome) => (error instanceof InvariantError ? error.invariant : error?.message);

/** @returns the plan as it is read: what is set, and what happens, in order of time */
export function describe({ settings, sends, faults }: Plan): string {
  const at = (time: number) => new Date(time).toISOString();
  const requests = sends.map(({ at: time, posts, again }) => {
    const sections = posts.map((post) => `${post.index} (${post.sections.join(', ')})`).join('; ');
    return { time, text: `send ${sections}${again === undefined ? '' : `, again ${JSON.stringify(again)}`}` };
  });
  const happened = faults.map(({ at: time, ...fault }) => ({ time, text: JSON.stringify(fault) }));
  const lines = [...requests, ...happened].sort((a, b) => a.time - b.time);
  return [JSON.stringify(settings), ...lines.map(({ time, text }) => `${at(time)} ${text}`)].join('\n');
}

async function run(argv: readonly string[]): Promise<void> {
  const { seed: first, runs, hours, posts, only, known, trace, whole } = parse(argv, OPTIONS).values;
  const options: RunOptions = { known, trace: trace ? (line) => void process.stdout.write(line) : undefined };
  const began = process.cpuUsage();
  let events = 0;
  for (let seed = first; seed < first + runs; seed++) {
    const plan = makePlan({ seed, hours, posts, known, ...(only.length > 0 && { only }) });
    const outcome = await runPlan(plan, options);
    events += outcome.events;
    if (!outcome.error) continue;
    process.exitCode = 1;
    const failure = nameOf(outcome);
    const shortest = whole
      ? plan
      : await shrink(plan, async (each) => nameOf(await runPlan(each, { known })) === failure);
    const { error } = await runPlan(shortest, { known });
    console.log(`seed ${seed} fails: ${(error ?? outcome.error).message}\n${describe(shortest)}`);
    const given = argv.filter((each, i) => !/^--(seed|runs)/.test(each) && !/^--(seed|runs)$/.test(argv[i - 1] ?? ''));
    console.log(`to replay it: npm run simulate -- ${[`--seed ${seed}`, ...given].join(' ')}`);
    return;
  }
  const { user, system } = process.cpuUsage(began);
  const seconds = ((user + system) / 1e6).toFixed(1);
  console.log(`${runs} seeds from ${first} on: all invariants hold; ${events} events, ${seconds} s of CPU time`);
}

export const command: Command = { options: OPTIONS, run };
