/**
 * The rows of a response, as they stream by. A page ends at a number of rows or of bytes; its cursor says where the next one begins,
 * and what the pages before it were made of.
 */
import { createHash } from 'node:crypto';
import { type IntervalStart } from '../domain/intervals';
import { type ValidationError, invalid } from '../domain/validation-error';
import { mergeRuns, rowsAfter, trimRun, type Key, type Run } from '../domain/sorted-run';
import { type View } from '../domain/views';
import { type ResponseRow } from './api';
import { keyFilter } from './core';
import { type Selection } from './request';

/**
 * Of the JSON of a page. A function returns at most 6 MB, in which JSON stands as a text of JSON: each quote takes two bytes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MOST_BYTES = 3_000_000;
const VERSION = 1;

export interface Cursor {
  /** The last key of the page before. */
  readonly after: Key;
  /** The time boundary that pages are made by; null if nothing was published. */
  readonly boundary: IntervalStart | null;
  /** Of the batch rows that they are made of. */
  readonly version: string;
  /** When the first page was made, ms. */
  readonly made: number;
}

/** Names a request, without its cursor and the size of its pages. */
function hashOf(view: View, { from, to, filters, layer }: Selection): string {
  const text = JSON.stringify([view.name, from ?? null, to ?? null, Object.entries(filters).sort(), layer]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

export function encodeCursor(view: View, selection: Selection, cursor: Cursor): string {
  const { after, boundary, version, made } = cursor;
  const body = JSON.stringify([VERSION, hashOf(view, selection), after, boundary, version, made]);
  return Buffer.from(body).toString('base64url');
}

/** @returns what is wrong with it, if it is not a cursor of the same request */
export function decodeCursor(view: View, selection: Selection, text: string): Cursor | ValidationError {
  const wrong = invalid('cursor', text, 'the cursor of the page before, with the same parameters');
  try {
    const [format, request, after, boundary, version, made] = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    ) as unknown[];
    const isKey =
      Array.isArray(after) &&
      after.length === view.dimensions.length &&
      after.every((part) => typeof part === 'string' || typeof part === 'number');
    const isBoundary = boundary === null || Number.isSafeInteger(boundary);
    const isAsked = format === VERSION && request === hashOf(view, selection);
    if (!isAsked || !isKey || !isBoundary || !Number.isSafeInteger(made)) return wrong;
    return { after: after as Key, boundary: boundary as number | null, version: String(version), made: made as number };
  } catch {
    return wrong;
  }
}

export interface SelectedOf {
  readonly view: View;
  readonly batch: (after?: Key) => Run;
  readonly speed: readonly (() => Run)[];
  readonly filters: Selection['filters'];
}

/** Both layers as one run, without keys that the filters exclude. @param after only rows with greater keys */
export function selectedRun({ view, batch, speed, filters }: SelectedOf): (after?: Key) => Run {
  const includes = keyFilter(view, filters);
  return (after) => {
    // What is left of a group depends on all its rows, so a group is read from its start.
    const from = after && view.top ? after.slice(0, view.top.groupBy) : after;
    const merged = mergeRuns(view, [batch(from), ...speed.map((rows) => rowsAfter(rows(), from))]);
    return rowsAfter(trimRun(view, includes ? filtered(merged, includes) : merged), after);
  };
}

async function* filtered(run: Run, includes: (key: Key) => boolean): Run {
  for await (const rows of run) {
    const left = rows.filter(({ key }) => includes(key));
    if (left.length > 0) yield left;
  }
}

/** The rows with the largest values, largest first; of equal ones those that come first. In memory for twice as many. */
export async function* largest<T>(blocks: AsyncIterable<readonly T[]>, valueOf: (row: T) => number, count: number) {
  let best: T[] = [];
  let least = -Infinity;
  const cut = () => {
    best.sort((a, b) => valueOf(b) - valueOf(a));
    best = best.slice(0, count);
  };
  for await (const rows of blocks) {
    for (const row of rows) {
      if (valueOf(row) <= least) continue;
      best.push(row);
      if (best.length < 2 * count) continue;
      cut();
      least = valueOf(best[count - 1]);
    }
  }
  cut();
  yield* best;
}

/** The key of a row of {@link countRows}. */
export const keyOf = (view: View, row: ResponseRow): Key => view.dimensions.map((name) => row[name]);

export interface PageRows {
  readonly rows: readonly ResponseRow[];
  /** Whether there are rows behind them. */
  readonly more: boolean;
}

/** The first rows: as many as asked for, as far as a response may hold them. @param share of the response */
export async function firstRows(rows: AsyncIterable<ResponseRow>, limit: number, share = 1): Promise<PageRows> {
  const first: ResponseRow[] = [];
  let bytes = 0;
  for await (const row of rows) {
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
    if (first.length === limit || (first.length > 0 && bytes > MOST_BYTES * share)) return { rows: first, more: true };
    first.push(row);
  }
  return { rows: first, more: false };
}
