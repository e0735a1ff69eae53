/** Reads the chain of a partition: its head, and the deltas behind it. */
import { type IntervalStart } from '../../domain/intervals';
import { MINUTE } from '../../domain/time';
import { decodeHead, FIRST_HEAD, type SpeedHead, type SpeedSchema } from '../../formats/speed-head';
import { deltaOf, segmentOf, type Delta } from '../../formats/speed-log';
import { type LogKey, type SpeedReader } from './store';

export interface Chain {
  readonly head: SpeedHead;
  /** Whether the head is stored. */
  readonly stored: boolean;
  /** Behind the head, in order. */
  readonly deltas: readonly Delta[];
}

export const EMPTY_CHAIN: Chain = { head: FIRST_HEAD, stored: false, deltas: [] };

/** The newest offset of the chain; -1 if there is none. */
export const endOf = ({ head, deltas }: Chain): number => deltas.at(-1)?.to ?? head.foldedTo;

/** The interval of the newest record; 0 if there is none. */
export const intervalOfEnd = ({ head, deltas }: Chain): IntervalStart => deltas.at(-1)?.interval ?? head.interval;

/** Newest append time, ms; 0 if there is no record. */
export const asOfEnd = ({ head, deltas }: Chain): number =>
  deltas.reduce((newest, { asOf }) => Math.max(newest, asOf), head.asOf);

/** The first interval whose records are all counted for every view of the list. */
export function wholeFrom({ head, deltas }: Chain, { fingerprint, intervalMinutes }: SpeedSchema): IntervalStart {
  const others = deltas.filter(({ views }) => views !== fingerprint);
  return others.reduce((from, { interval }) => Math.max(from, interval + intervalMinutes * MINUTE), head.wholeFrom);
}

/** The deltas behind an offset. */
async function deltasAfter(store: SpeedReader, key: LogKey, offset: number): Promise<Delta[]> {
  const found: Delta[] = [];
  for (let end = offset; ;) {
    const segment = segmentOf(end + 1);
    for (const row of await store.readLog(key, segment, end + 1)) {
      found.push(deltaOf(row));
      end = row.to;
    }
    if (segmentOf(end + 1) === segment) return found;
  }
}

/** @param known what was read of it before: only what is new is read, in one turn if it is not far behind */
export async function readChain(
  store: SpeedReader,
  key: LogKey,
  schema: SpeedSchema,
  known: Chain = EMPTY_CHAIN,
): Promise<Chain> {
  const isWarm = known !== EMPTY_CHAIN;
  const [row, added] = await Promise.all([store.readHead(key), isWarm ? deltasAfter(store, key, endOf(known)) : []]);
  const head = row ? decodeHead(row.foldedTo, row.state, schema) : FIRST_HEAD;
  const stored = row !== undefined;
  const deltas = [...known.deltas, ...added].filter(({ from }) => from > head.foldedTo);
  // What the head names is there, and stays; it may be newer than the log that was read beside it.
  if (isWarm && endOf({ ...known, deltas: [...known.deltas, ...added] }) >= head.foldedTo)
    return { head, stored, deltas };
  return { head, stored, deltas: await deltasAfter(store, key, head.foldedTo) };
}
