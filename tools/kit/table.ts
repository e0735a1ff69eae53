/** Tables: for a terminal, and for Markdown. */
import Table from 'cli-table3';

type Align = 'left' | 'right';

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'mid'].flatMap((line) => ['', '-mid', '-left', '-right'].map((part) => [`${line}${part}`, ''])),
);
const PLAIN = {
  chars: { ...NO_BORDERS, 'mid-mid': '', 'left-mid': '', 'right-mid': '', left: '  ', right: '', middle: '  ' },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
};

interface TableOptions {
  /** @default - no line above the rows */
  readonly head?: readonly string[];
  /** Of each column. @default - to the left */
  readonly align?: readonly Align[];
}

/** Columns in line, without borders, two spaces before each. */
export function textTable(rows: readonly (readonly string[])[], { head, align = [] }: TableOptions = {}): string {
  const table = new Table({ ...PLAIN, head: [...(head ?? [])], colAligns: [...align] });
  table.push(...rows.map((row) => [...row]));
  return table.toString().replace(/ +$/gm, '');
}

export type Row = Readonly<Record<string, unknown>>;

const cell = (value: unknown) => (value === null || value === undefined ? '' : String(value));

/** A table of `rows`, at most `most` of them, numbers to the right. A last line says how many are left out. */
export function formatRows(columns: readonly string[], rows: readonly Row[], most: number): string {
  const shown = rows.slice(0, most);
  const numeric = (column: string) => rows.every((row) => typeof row[column] === 'number');
  const table = textTable(
    shown.map((row) => columns.map((column) => cell(row[column]))),
    { head: columns, align: columns.map((column) => (numeric(column) ? 'right' : 'left')) },
  );
  const cut = rows.length - shown.length;
  return [table, ...(cut > 0 ? [`  … ${cut} more`] : []), ...(rows.length === 0 ? ['  no rows'] : [])].join('\n');
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
