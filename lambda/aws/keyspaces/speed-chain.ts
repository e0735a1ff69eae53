/** Reads the chain of a partition: its head, and the deltas behind it. */
import { type IntervalStart } from '../../domain/intervals';
import { MINUTE } from '../../domain/time';
import { decodeHead, FIRST_HEAD, type SpeedHead, type SpeedSchema } from '../../formats/speed-head';
import { newestOf, segmentOf, StoredDelta, type Delta, type LogRow } from '../../formats/speed-log';
import { type LogKey, type SpeedReader } from './store';

export interface Chain<D extends Delta = Delta> {
  readonly head: SpeedHead;
  /** Whether the head is stored. */
  readonly stored: boolean;
  /** Behind the head, in order. */
  readonly deltas: readonly D[];
  /** Those that the head passed since the chain was read before, in order. @default - it was read anew */
  readonly passed?: readonly D[];
}

export const EMPTY_CHAIN: Chain<never> = { head: FIRST_HEAD, stored: false, deltas: [] };

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
export async function rowsFrom(store: Pick<SpeedReader, 'readLog'>, key: LogKey, offset: number): Promise<LogRow[]> {
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

const deltasOf = (rows: readonly LogRow[]) => rows.map((row) => new StoredDelta(row));

/** What is known, with what was appended since; undefined if its newest row has expired, and others may have its place. */
async function goOn<D extends Delta>(
  store: SpeedReader,
  key: LogKey,
  known: Chain<D>,
): Promise<readonly (D | StoredDelta)[] | undefined> {
  const newest = known.deltas.at(-1);
  if (!newest) return deltasOf(await rowsFrom(store, key, endOf(known) + 1));
  const [again, ...added] = await rowsFrom(store, key, newest.from);
  return again?.from === newest.from && again.to === newest.to ? [...known.deltas, ...deltasOf(added)] : undefined;
}

/** @param known what was read of it before: only its newest row and what is new are read, in one turn if it is not far behind */
export async function readChain<D extends Delta = StoredDelta>(
  store: SpeedReader,
  key: LogKey,
  schema: SpeedSchema,
  known: Chain<D> = EMPTY_CHAIN,
): Promise<Chain<D | StoredDelta>> {
  const isWarm = known !== EMPTY_CHAIN;
  const [row, warm] = await Promise.all([store.readHead(key), isWarm ? goOn(store, key, known) : undefined]);
  const head = row ? decodeHead(row.foldedTo, row.state, schema) : FIRST_HEAD;
  const stored = row !== undefined;
  // What the head names is there, and stays; it may be newer than the log that was read beside it.
  if (warm && endOf({ ...known, deltas: warm }) >= head.foldedTo) {
    const passed = warm.filter(({ to }) => to <= head.foldedTo);
    return { head, stored, deltas: warm.filter(({ from }) => from > head.foldedTo), passed };
  }
  return { head, stored, deltas: deltasOf(await rowsFrom(store, key, head.foldedTo + 1)) };
}
