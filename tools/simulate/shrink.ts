/** The shortest history that still fails: leaves out faults, then requests, as long as the same invariant does not hold. */
import { type Plan } from './plan';

/** Whether a plan fails in the same way. */
export type Fails = (plan: Plan) => Promise<boolean>;

const MOST_RUNS = 300;

/** @see Zeller, Hildebrandt: Simplifying and isolating failure-inducing input (2002) */
export async function shrink(plan: Plan, fails: Fails): Promise<Plan> {
  let best = plan;
  let left = MOST_RUNS;
  async function without(part: 'faults' | 'sends'): Promise<void> {
    for (let size = Math.ceil(best[part].length / 2); size >= 1 && left > 0;) {
      let removed = false;
      for (let at = 0; at < best[part].length && left > 0;) {
        const smaller = { ...best, [part]: best[part].toSpliced(at, size) } as Plan;
        left--;
        if (await fails(smaller)) {
          best = smaller;
          removed = true;
        } else {
          at += size;
        }
      }
      if (size === 1 && !removed) break;
      size = size === 1 ? 1 : Math.ceil(size / 2);
    }
  }
  await without('faults');
  await without('sends');
  await without('faults');
  return best;
}
