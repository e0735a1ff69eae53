/** Lag of consumer groups: one measurement serves all callers within a short time, and is reported by group as MSK does. */
import { findFunction, type LocalPlan } from '../../assembly/local-plan';

/** Uncommitted records, by the function's logical id and `topic-partition`. */
export type Lags = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Lag of a consumer group in a topic. */
export interface GroupLag {
  readonly clusterArn: string;
  readonly groupId: string;
  readonly topic: string;
  /** Records, sum over all partitions. */
  readonly sum: number;
  /** Records, maximum over all partitions. */
  readonly max: number;
}

/** Recent enough for callers that read every few seconds, ms. */
export const RECENT_MS = 2_000;

/**
 * @param maxAgeMs maximum time since the measurement began
 * @throws Error if Kafka does not respond
 */
export type MeasureLag = (maxAgeMs: number) => Promise<Lags>;

/** Concurrent callers share a measurement; a failed one is not cached. */
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

/** Groups without a measurement are left out. */
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
