/**
 * What a views engine writes for a view and interval: a line of JSON a row, in the order of a run, so that it is read in blocks
 * however long it is.
 *
 * ```
 * {"view":"category_by_country","interval":"2026-11-22T21-00"}
 * ["Brazil","art",12]                                            the dimensions, then the value
 * …
 * {"rows":1}                                                     says that the object is whole
 * ```
 */
import { intervalName, type IntervalStart } from '../domain/intervals';
import { columnOf } from '../domain/columns';
import { compareKeys, type Key, type Row, type Run } from '../domain/sorted-run';
import { type DimensionValue } from '../domain/merge';
import { type View } from '../domain/views';

const BLOCK_ROWS = 4_096;
const NEWLINE = 0x0a;

function dimensionOf(view: View, i: number, value: unknown): DimensionValue | undefined {
  const { type } = columnOf(view.dimensions[i]);
  if (type === 'int' || type === 'long') return Number.isSafeInteger(value) ? (value as number) : undefined;
  if (typeof value !== 'string') return undefined;
  if (type !== 'timestamp') return value;
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? undefined : new Date(instant).toISOString();
}

/** Lines as they come, some at a time. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  let rest = Buffer.alloc(0);
  for await (const part of bytes) {
    const known = Buffer.concat([rest, part]);
    const end = known.lastIndexOf(NEWLINE);
    if (end >= 0) yield known.toString('utf8', 0, end).split('\n');
    rest = known.subarray(end + 1);
  }
  if (rest.length > 0) yield [rest.toString('utf8')];
}

/**
 * The run in an object `views/interval=…/<view>.json`.
 * @throws Error naming the object and the row, if it is not the view of this interval, not sorted or not whole
 */
export async function* parseViewObject(
  key: string,
  bytes: AsyncIterable<Uint8Array>,
  view: View,
  interval: IntervalStart,
): Run {
  // Without the row: it may name a person, and what is thrown is logged.
  const wrong = (row: number, what: string) =>
    new Error(`object '${key}' must hold rows of ${view.dimensions.join(', ')} and an integer, row ${row} ${what}`);
  const parse = (line: string): unknown => {
    try {
      return JSON.parse(line);
    } catch {
      // The parser's own message quotes the text.
      throw new Error(`object '${key}' must hold a JSON value a line`);
    }
  };
  const checkHead = (line: string) => {
    const head = parse(line) as { view?: unknown; interval?: unknown } | null;
    if (head?.view === view.name && head.interval === intervalName(interval)) return;
    throw new Error(
      `object '${key}' must hold view '${view.name}' in interval ${intervalName(interval)}, got view '${String(head?.view)}' in interval '${String(head?.interval)}'`,
    );
  };
  let started = false;
  let rows = 0;
  let block: Row[] = [];
  let previous: Key | undefined;
  for await (const lines of linesOf(bytes)) {
    for (const line of lines) {
      if (!started) {
        checkHead(line);
        started = true;
        continue;
      }
      const cells = parse(line);
      if (!Array.isArray(cells)) {
        const said = (cells as { rows?: unknown } | null)?.rows;
        if (said !== rows) throw new Error(`object '${key}' must hold ${String(said)} rows, got ${rows}`);
        if (block.length > 0) yield block;
        return;
      }
      const dimensions = view.dimensions.map((_, i) => dimensionOf(view, i, cells[i]));
      const value: unknown = cells[view.dimensions.length];
      const complete = dimensions.every((dimension) => dimension !== undefined);
      if (!complete || !Number.isSafeInteger(value) || cells.length !== dimensions.length + 1) {
        throw wrong(rows, 'is another');
      }
      if (previous && compareKeys(previous, dimensions) >= 0) throw wrong(rows, 'is not after the one before it');
      previous = dimensions;
      block.push({ key: dimensions, value: value as number });
      rows++;
      if (block.length === BLOCK_ROWS) {
        yield block;
        block = [];
      }
    }
  }
  if (!started) checkHead('');
  throw new Error(`object '${key}' is not whole: it has no last line with the number of its rows, after ${rows}`);
}
