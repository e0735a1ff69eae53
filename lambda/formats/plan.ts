/**
 * `plan/current.json`: what the run that holds the lease works on, and how far it is. The plan is the lease: it is one object,
 * written by compare-and-swap. `plan/views.json` lists the intervals whose views are needed.
 *
 * All changes of a plan are pure and may be applied twice: a conditional write whose response was lost is simply repeated.
 */

const VERSION = 1;

export interface Plan {
  readonly version: typeof VERSION;
  /** Run of the orchestrator that holds the lease; null once it is released. */
  readonly run: string | null;
  /** When the run took the lease, ms. With `run` it names the plan: a run that is cleared starts another one. */
  readonly began: number;
  /** Until when no other run may take it, ms. */
  readonly leaseUntil: number;
  /** Whether intervals are computed again although they are done: an operator asked for a range. */
  readonly force: boolean;
  /** Oldest first. */
  readonly intervals: readonly string[];
  /** SHA-256 of the manifest of each interval that has one, from the first on; hex. Views are of a manifest with this digest. */
  readonly manifests: readonly string[];
  /** How many of them are published, from the first on. */
  readonly published: number;
  /** Published, by this plan or an earlier one, and not reconciled. Oldest first. */
  readonly unreconciled: readonly string[];
}

/** The intervals whose views are needed, oldest first. The views engine leaves out those that are current. */
export interface ViewsList {
  readonly version: typeof VERSION;
  readonly run: string;
  readonly intervals: readonly string[];
}

const MINUTE = 60_000;
/**
 * A step renews when less than half is left, and ends within 45 s: with two minutes, a lease never ends while a step works.
 */
const SHORTEST_LEASE = 2 * MINUTE;
/** Longer than the pause between two attempts of a task (5 minutes), and than Spark takes for the usual interval. */
const LONGEST_LEASE = 30 * MINUTE;

/** Half an interval where possible: the run after one that died finds the lease free. */
export function leaseLength(intervalMinutes: number): number {
  return Math.min(LONGEST_LEASE, Math.max(SHORTEST_LEASE, (intervalMinutes * MINUTE) / 2));
}

/** Whether another run than `run` holds the lease. */
export function isHeldByAnother(plan: Plan | undefined, run: string, now: number): plan is Plan {
  return plan !== undefined && plan.run !== null && plan.run !== run && plan.leaseUntil > now;
}

/** The plan of a run that takes the lease, or goes on with it. What an earlier plan did not reconcile stays to be done. */
export function acquired(
  plan: Plan | undefined,
  run: string,
  options: { readonly now: number; readonly length: number; readonly force: boolean },
): Plan {
  const { now, length, force } = options;
  if (plan?.run === run) return extended(plan, now, length);
  return {
    version: VERSION,
    run,
    began: now,
    leaseUntil: now + length,
    force,
    intervals: [],
    manifests: [],
    published: 0,
    unreconciled: plan?.unreconciled ?? [],
  };
}

export function extended(plan: Plan, now: number, length: number): Plan {
  return { ...plan, leaseUntil: Math.max(plan.leaseUntil, now + length) };
}

/**
 * Adds intervals; none is taken out. A sealing that its run gave up may go on while later steps work, and what it found may be out of date.
 * @param open intervals that are not published
 */
export function withIntervals(plan: Plan, open: readonly string[]): Plan {
  const computed = plan.intervals.slice(0, plan.manifests.length);
  const others = [...new Set([...plan.intervals, ...open])].filter((interval) => !computed.includes(interval));
  return { ...plan, intervals: [...computed, ...others.sort()] };
}

/** @param manifests digests, of the first interval on */
export function withManifests(plan: Plan, manifests: readonly string[]): Plan {
  return manifests.length > plan.manifests.length ? { ...plan, manifests } : plan;
}

/** @param count intervals from the first on */
export function withPublished(plan: Plan, count: number): Plan {
  const added = plan.intervals.slice(plan.published, count);
  const unreconciled = [...new Set([...plan.unreconciled, ...added])].sort();
  return { ...plan, published: Math.max(plan.published, count), unreconciled };
}

export function withReconciled(plan: Plan, intervals: readonly string[]): Plan {
  return { ...plan, unreconciled: plan.unreconciled.filter((interval) => !intervals.includes(interval)) };
}

export function released(plan: Plan): Plan {
  return { ...plan, run: null };
}

/** Names the plan in what a forced run computes, so that the same plan does not compute it twice. */
export function planName({ run, began }: Plan): string {
  return `${String(run)} ${new Date(began).toISOString()}`;
}

export function viewsList(run: string, intervals: readonly string[]): ViewsList {
  return { version: VERSION, run, intervals };
}

export function serializePlan(plan: Plan | ViewsList): string {
  return `${JSON.stringify(plan)}\n`;
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string');

/** @throws Error naming the key if it is not a plan of a version that this code reads */
export function parsePlan(key: string, text: string): Plan {
  const plan = JSON.parse(text) as Plan;
  if (plan.version !== VERSION || ![plan.intervals, plan.manifests, plan.unreconciled].every(isNames)) {
    throw new Error(`object '${key}' must be a plan of version ${VERSION}, got version ${String(plan.version)}`);
  }
  return plan;
}
