/**
 * The counts of a view in pages. A page ends at a number of rows or of bytes; its cursor says where the next one begins, and what
 * the pages before it were made of.
 */
import { createHash } from 'node:crypto';
import { type IntervalStart } from '../domain/intervals';
import { type ValidationError, invalid } from '../domain/validation-error';
import { mergeRuns, rowsAfter, runOf, sortedRows, trimRun, type Key, type Row, type Run } from '../domain/sorted-run';
import { type Counts } from '../domain/merge';
import { type View } from '../domain/views';
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
}

/** Names a request, without its cursor and the size of its pages. */
function hashOf(view: View, { from, to, filters, layer }: Selection): string {
  const text = JSON.stringify([view.name, from ?? null, to ?? null, Object.entries(filters).sort(), layer]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

export function encodeCursor(view: View, selection: Selection, cursor: Cursor): string {
  const { after, boundary, version } = cursor;
  const body = JSON.stringify([VERSION, hashOf(view, selection), after, boundary, version]);
  return Buffer.from(body).toString('base64url');
}

/** @returns what is wrong with it, if it is not a cursor of the same request */
export function decodeCursor(view: View, selection: Selection, text: string): Cursor | ValidationError {
  const wrong = invalid('cursor', text, 'the cursor of the page before, with the same parameters');
  try {
    const [format, request, after, boundary, version] = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    ) as unknown[];
    const isKey =
      Array.isArray(after) &&
      after.length === view.dimensions.length &&
      after.every((part) => typeof part === 'string' || typeof part === 'number');
    const isBoundary = boundary === null || Number.isSafeInteger(boundary);
    if (format !== VERSION || request !== hashOf(view, selection) || !isKey || !isBoundary) return wrong;
    return { after: after as Key, boundary: boundary as number | null, version: String(version) };
  } catch {
    return wrong;
  }
}

export interface PageOf {
  readonly view: View;
  readonly batch: (after?: Key) => Run;
  readonly speed: readonly Counts[];
  readonly filters: Selection['filters'];
  /** The page begins behind this key. @default - with the first */
  readonly after?: Key;
  readonly limit: number;
}

export interface PageRows {
  readonly rows: readonly Row[];
  /** Whether there are rows behind them. */
  readonly more: boolean;
}

export async function readPage({ view, batch, speed, filters, after, limit }: PageOf): Promise<PageRows> {
  // What is left of a group depends on all its rows, so a group is read from its start.
  const from = after && view.top ? after.slice(0, view.top.groupBy) : after;
  const runs = speed.map((counts) => rowsAfter(runOf(sortedRows(view, counts)), from));
  const merged = filtered(mergeRuns(view, [batch(from), ...runs]), keyFilter(view, filters));
  const rows: Row[] = [];
  let bytes = 0;
  for await (const block of rowsAfter(trimRun(view, merged), after)) {
    for (const row of block) {
      const size = sizeOf(view, row);
      if (rows.length === limit || (rows.length > 0 && bytes + size > MOST_BYTES)) return { rows, more: true };
      rows.push(row);
      bytes += size;
    }
  }
  return { rows, more: false };
}

async function* filtered(run: Run, includes: (key: Key) => boolean = () => true): Run {
  for await (const rows of run) {
    const left = rows.filter(({ key }) => includes(key));
    if (left.length > 0) yield left;
  }
}

/** Of a row as JSON of names and values. */
function sizeOf(view: View, { key, value }: Row): number {
  const names = view.dimensions.reduce((sum, name) => sum + name.length + 4, 20);
  return names + Buffer.byteLength(JSON.stringify(key)) + String(value).length;
}
