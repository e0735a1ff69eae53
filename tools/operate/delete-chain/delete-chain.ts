/**
 * Deletes what the speed layer has of a partition, so that it begins anew with the next record: its log and, last, its head. A run that
 * is interrupted is started again. Keyspaces deletes at most 1,000 rows of a partition key at once, so each row is deleted by itself.
 *
 * Runs and posts stay: runs that no head names are not read, and those of an interval are written again under the same keys.
 */
import { type ChainStore, type LogKey } from '../../../lambda/aws/keyspaces/store';
import { segmentOf } from '../../../lambda/formats/speed-log';
import { mapConcurrently } from '../../../lambda/runtime/concurrent';

const CONCURRENT_DELETES = 32;

export interface Chain {
  readonly rows: number;
  /** The newest offset; -1 if there is none. */
  readonly to: number;
}

/** @param change whether it is deleted, and not only measured. Nobody may write meanwhile */
export async function deleteChain(store: ChainStore, key: LogKey, change: boolean): Promise<Chain> {
  const head = await store.readHead(key);
  let to = head?.foldedTo ?? -1;
  for (let from = -1; from !== segmentOf(to + 1);) {
    from = segmentOf(to + 1);
    for (const row of await store.listLog(key, from)) to = Math.max(to, row.to);
  }
  let rows = 0;
  // The newest first: as long as the head is there, the end of what is left is found.
  for (let segment = segmentOf(to + 1); segment >= 0; segment--) {
    const found = await store.listLog(key, segment);
    rows += found.length;
    if (change) await mapConcurrently(found.toReversed(), CONCURRENT_DELETES, ({ from }) => store.deleteLog(key, from));
  }
  if (change && head) await store.deleteHead(key);
  return { rows, to };
}
