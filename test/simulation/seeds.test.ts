/** The product under the simulator: seeds that must hold, and one for each fault that is known. */
import { KNOWN, makePlan, type Known, type Plan } from '../../tools/simulate/plan';
import { runPlan, type Outcome } from '../../tools/simulate/run';
import { shrink } from '../../tools/simulate/shrink';
import { InvariantError } from '../../tools/simulate/world';

const SEEDS = 50;

const nameOf = ({ error }: Outcome) => (error instanceof InvariantError ? error.invariant : error?.message);

test(`all invariants hold in ${SEEDS} seeds`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { error } = await runPlan(makePlan({ seed }));
    if (error) throw new Error(`npm run simulate -- --seed ${seed}`, { cause: error });
  }
}, 600_000);

test('a seed gives one run, byte for byte', async () => {
  const plan = makePlan({ seed: 7, posts: 30 });
  const lines: string[] = [];
  const first = await runPlan(plan, { trace: (line) => void lines.push(line) });
  const again: string[] = [];
  const second = await runPlan(makePlan({ seed: 7, posts: 30 }), { trace: (line) => void again.push(line) });
  expect(again).toEqual(lines);
  expect(second).toEqual(first);
  const other = await runPlan(makePlan({ seed: 8, posts: 30 }));
  expect(other.digest).not.toBe(first.digest);
});

/** The seed that shows each known fault, and the invariant that does not hold. */
const SHOWN: Readonly<Record<Known, readonly [seed: number, invariant: string]>> = {
  joinedView: [1, 'live'],
  decomposed: [1, 'batch'],
  asOf: [9, 'asOf'],
  idle: [1, 'idle'],
};

describe('a known fault is found:', () => {
  test.each(Object.keys(KNOWN) as Known[])('%s', async (name) => {
    const [seed, invariant] = SHOWN[name];
    expect(nameOf(await runPlan(makePlan({ seed, known: [name] }), { known: [name] }))).toBe(invariant);
  });
});

test('the shortest history that fails has only what it takes', async () => {
  const known: Known[] = ['decomposed'];
  const plan = makePlan({ seed: 1, posts: 10, hours: 8, known });
  const fails = async (each: Plan) => (await runPlan(each, { known })).error !== undefined;
  const shortest = await shrink(plan, fails);
  expect(await fails(shortest)).toBe(true);
  expect(shortest.faults).toEqual([]);
  expect(shortest.sends).toHaveLength(1);
});
