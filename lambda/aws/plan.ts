/** The plan of the batch layer in the lake: the lease by conditional writes, and the list for the views engine. */
import { planKey, viewsListKey } from '../formats/keys';
import {
  acquired,
  extended,
  isHeldByAnother,
  leaseLength,
  parsePlan,
  serializePlan,
  viewsList,
  type Plan,
} from '../formats/plan';
import { type StepResponse } from '../runtime/budget';
import { ifFound, PreconditionFailedError, type ObjectStore } from './s3';

export type PlanObjects = Pick<ObjectStore, 'getVersion' | 'put' | 'putIfAbsent' | 'putIfMatch'>;

/** How often a change is tried against others: the partitions of a run renew its lease beside each other. */
const ATTEMPTS = 20;
const JSON_TYPE = { contentType: 'application/json' };

export class SupersededError extends Error {
  override readonly name = 'SupersededError';
  constructor(readonly plan: Plan | undefined) {
    super(`run '${plan?.run ?? 'none'}' holds the lease`);
  }
}

export interface PlanStore {
  /** Takes the lease, or goes on with it. @throws SupersededError while another run holds it */
  acquire(run: string, options: { readonly force: boolean }): Promise<Plan>;
  /** The plan of the run, renewed when less than half of the lease is left. @throws SupersededError if it is another run's */
  hold(run: string): Promise<Plan>;
  /** Changes the plan of the run and renews it. The change may be applied more than once. @throws SupersededError */
  update(run: string, change: (plan: Plan) => Plan): Promise<Plan>;
  putViewsList(run: string, intervals: readonly string[]): Promise<void>;
}

export function planStore(store: PlanObjects, intervalMinutes: number, now: () => number): PlanStore {
  const length = leaseLength(intervalMinutes);

  async function read(): Promise<{ readonly plan: Plan; readonly etag: string } | undefined> {
    const found = await ifFound(store.getVersion(planKey));
    return found && { plan: parsePlan(planKey, found.body.toString('utf8')), etag: found.etag };
  }

  /** @param make throws to leave the plan alone, or returns the same one to write nothing */
  async function change(make: (plan: Plan | undefined) => Plan): Promise<Plan> {
    for (let attempt = 1; ; attempt++) {
      const found = await read();
      const plan = make(found?.plan);
      if (plan === found?.plan) return plan;
      try {
        if (found) await store.putIfMatch(planKey, serializePlan(plan), found.etag, JSON_TYPE);
        else await store.putIfAbsent(planKey, serializePlan(plan), JSON_TYPE);
        return plan;
      } catch (error) {
        // Another writer was faster, or this write is repeated after its response was lost: the stored plan decides.
        if (!(error instanceof PreconditionFailedError) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  function ofRun(plan: Plan | undefined, run: string): Plan {
    if (plan?.run !== run) throw new SupersededError(plan);
    return plan;
  }

  return {
    acquire: (run, { force }) =>
      change((plan) => {
        if (isHeldByAnother(plan, run, now())) throw new SupersededError(plan);
        return acquired(plan, run, { now: now(), length, force });
      }),
    hold: (run) =>
      change((found) => {
        const plan = ofRun(found, run);
        return plan.leaseUntil - now() < length / 2 ? extended(plan, now(), length) : plan;
      }),
    update: (run, apply) => change((plan) => extended(apply(ofRun(plan, run)), now(), length)),
    putViewsList: (run, intervals) => store.put(viewsListKey, serializePlan(viewsList(run, intervals)), JSON_TYPE),
  };
}

/** Does a step of a run, unless another run holds the lease. */
export async function unlessSuperseded<Response extends StepResponse>(
  step: () => Promise<Response>,
): Promise<Response | StepResponse> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof SupersededError)) throw error;
    const { plan } = error;
    const until = plan?.run ? { until: new Date(plan.leaseUntil).toISOString() } : {};
    return { state: 'superseded', holder: plan?.run ?? null, ...until };
  }
}
