/** Reads the chain of a partition: its head, and the deltas behind it. */
import { type IntervalStart } from '../../domain/intervals';
import { MINUTE } from '../../domain/time';
import { decodeHead, FIRST_HEAD, type SpeedHead, type SpeedSchema } from '../../formats/speed-head';
import { deltaOf, newestOf, segmentOf, type Delta, type LogRow } from '../../formats/speed-log';
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
export const asOfEnd = ({ head, deltas }: Chain): number => newestOf(deltas, head.asOf);

/** The first interval whose records are all counted for every view of the list. */
export function wholeFrom({ head, deltas }: Chain, { fingerprint, intervalMinutes }: SpeedSchema): IntervalStart {
  const others = deltas.filter(({ views }) => views !== fingerprint);
  return others.reduce((from, { interval }) => Math.max(from, interval + intervalMinutes * MINUTE), head.wholeFrom);
}

/** The rows of the log from an offset on. */
async function rowsFrom(store: SpeedReader, key: LogKey, offset: number): Promise<LogRow[]> {
  const found: LogRow[] = [];
  for (let next = offset; ;) {
    const segment = segmentOf(next);
    for (const row of await store.readLog(key, segment, next)) {
      found.push(row);
      next = row.to + 1;
    }
    if (segmentOf(next) === segment) return found;
  }
}

/** What is known, with what was appended since; undefined if its newest row has expired, and others may have its place. */
async function goOn(store: SpeedReader, key: LogKey, known: Chain): Promise<readonly Delta[] | undefined> {
  const newest = known.deltas.at(-1);
  if (!newest) return (await rowsFrom(store, key, endOf(known) + 1)).map(deltaOf);
  const [again, ...added] = await rowsFrom(store, key, newest.from);
  return again?.from === newest.from && again.to === newest.to ? [...known.deltas, ...added.map(deltaOf)] : undefined;
}

/** @param known what was read of it before: only its newest row and what is new are read, in one turn if it is not far behind */
export async function readChain(
  store: SpeedReader,
  key: LogKey,
  schema: SpeedSchema,
  known: Chain = EMPTY_CHAIN,
): Promise<Chain> {
  const isWarm = known !== EMPTY_CHAIN;
  const [row, warm] = await Promise.all([store.readHead(key), isWarm ? goOn(store, key, known) : undefined]);
  const head = row ? decodeHead(row.foldedTo, row.state, schema) : FIRST_HEAD;
  const stored = row !== undefined;
  // What the head names is there, and stays; it may be newer than the log that was read beside it.
  if (warm && endOf({ ...known, deltas: warm }) >= head.foldedTo)
    return { head, stored, deltas: warm.filter(({ from }) => from > head.foldedTo) };
  return { head, stored, deltas: (await rowsFrom(store, key, head.foldedTo + 1)).map(deltaOf) };
}
