/** The product under the simulator. */
import { makePlan, type Plan } from '../../tools/simulate/plan';
import { runPlan } from '../../tools/simulate/run';
import { shrink } from '../../tools/simulate/shrink';
import { firstFailure } from './program';

const SEEDS = 50;

test(`all invariants hold in ${SEEDS} seeds`, async () => {
  const failure = await firstFailure(1, SEEDS);
  if (failure) throw new Error(`npm run simulate -- --seed ${failure.seed}: ${failure.message}`);
}, 600_000);

test('a seed gives one run, byte for byte', async () => {
  const plan = makePlan({ seed: 7, posts: 30 });
  const lines: string[] = [];
  const first = await runPlan(plan, { trace: (line) => void lines.push(line) });
  const again: string[] = [];
  const second = await runPlan(makePlan({ seed: 7, posts: 30 }), { trace: (line) => void again.push(line) });
  expect(again).toEqual(lines);
  expect(second).toEqual(first);
  const other = await runPlan(makePlan({ seed: 8, posts: 30 }), { trace: () => undefined });
  expect(other.digest).not.toBe(first.digest);
  const unseen = await runPlan(plan);
  expect(unseen).toEqual({ ...first, digest: undefined });
});

test('the shortest history that does something has only what it takes', async () => {
  const archives = async (plan: Plan) => {
    let found = false;
    await runPlan(plan, { trace: (line) => void (found ||= line.includes(' PutObject raw/')) });
    // Canaries are archived, too.
    return found && plan.sends.length > 0;
  };
  const shortest = await shrink(makePlan({ seed: 1, posts: 10, hours: 8 }), archives);
  expect(shortest.faults).toEqual([]);
  expect(shortest.sends).toHaveLength(1);
});
