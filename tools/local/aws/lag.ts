/** How far consumer groups are behind: measured once for all who ask within a while, and told by group as MSK does. */
import { findFunction, type LocalPlan } from '../../assembly/local-plan';

/** Uncommitted records, by the function's logical id and `topic-partition`. */
export type Lags = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** How far a consumer group is behind in a topic. */
export interface GroupLag {
  readonly clusterArn: string;
  readonly groupId: string;
  readonly topic: string;
  /** Records, over all partitions. */
  readonly sum: number;
  /** Records, of the partition that is furthest behind. */
  readonly max: number;
}

/** Good enough for those who look every few seconds, ms. */
export const RECENT_MS = 2_000;

/**
 * @param maxAgeMs how long ago the measurement may have begun
 * @throws Error if Kafka does not answer
 */
export type MeasureLag = (maxAgeMs: number) => Promise<Lags>;

/** A failed measurement is not kept; those who wait for one share it. */
export function sharedLag(measure: () => Promise<Lags>, now: () => number = Date.now): MeasureLag {
  let last: { readonly at: number; readonly lags: Promise<Lags> } | undefined;
  return (maxAgeMs) => {
    if (last && now() - last.at < maxAgeMs) return last.lags;
    const begun = { at: now(), lags: measure() };
    last = begun;
    begun.lags.catch(() => {
      if (last === begun) last = undefined;
    });
    return begun.lags;
  };
}

/** Groups of which nothing was measured are left out. */
export function groupLags(plan: Pick<LocalPlan, 'eventSources' | 'functions'>, lags: Lags): GroupLag[] {
  return plan.eventSources.flatMap(({ clusterArn, consumerGroup: groupId, functionName, topics }) => {
    const measured = lags[findFunction(plan.functions, functionName).logicalId];
    if (!measured) return [];
    return topics.map((topic) => {
      const records = Object.entries(measured)
        .filter(([partition]) => partition.slice(0, partition.lastIndexOf('-')) === topic)
        .map(([, each]) => each);
      return { clusterArn, groupId, topic, sum: records.reduce((a, b) => a + b, 0), max: Math.max(0, ...records) };
    });
  });
}
