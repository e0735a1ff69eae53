/** One card per chart: title, chart, and the table behind it. */
import { type ResponseRow } from '../lambda/query/api';
import { type ChartData, type Fact } from './answers';
import { drawnChart } from './chart';
import { el, table } from './dom';
import { number, words } from './format';

export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly ResponseRow[];
}

export interface Card {
  readonly element: HTMLElement;
  /** @param drawn undefined if there is nothing to draw */
  show(drawn: ChartData | Fact | undefined, rows: Rows): void;
  repaint(): void;
}

/** A year is a number without digit grouping. */
const cellText = (value: string | number | null) =>
  typeof value === 'number' && (value < 1900 || value > 2100) ? number(value) : String(value ?? '–');

/** @param id identifies the card for tests and links */
export function card(id: string, title: string): Card {
  const canvas = el('canvas', { role: 'img' });
  const frame = el('div', { class: 'frame' }, canvas);
  const fact = el('p', { class: 'fact', hidden: true });
  const empty = el('p', { class: 'quiet' }, 'Nothing to show yet.');
  const more = el('p', { class: 'quiet more' });
  const summary = el('summary', {}, 'Table');
  const behind = el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title });
  const details = el('details', {}, summary, behind);
  const heading = el('h3', {}, title);
  const element = el('article', { class: 'card', 'data-answer': id }, heading, empty, frame, fact, more, details);
  const chart = drawnChart(canvas);
  return {
    element,
    show(drawn, { columns, rows }) {
      const data = drawn && drawn.kind !== 'fact' ? drawn : undefined;
      empty.hidden = drawn !== undefined;
      frame.hidden = data === undefined;
      details.hidden = drawn === undefined;
      fact.hidden = drawn?.kind !== 'fact';
      more.textContent =
        data && data.leftOut > 0 ? `The largest ${data.labels.length}; ${data.leftOut} more in the table.` : '';
      if (data) {
        element.classList.toggle('wide', data.kind === 'stacked');

        canvas.setAttribute('aria-label', `${title}: ${description(data)} The table below has the numbers.`);
        chart.show(data);
      }
      if (drawn?.kind === 'fact') {
        fact.replaceChildren(el('b', {}, drawn.text), ` ${number(drawn.value)} ${drawn.unit}`);
      }
      summary.textContent = `Table, ${number(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`;
      const cells = rows.map((row) => columns.map((column) => row[column]));
      behind.replaceChildren(table(title, columns.map(words), cells, cellText));
    },
    repaint: () => chart.repaint(),
  };
}

/** The chart in a sentence: how many values there are, and which is largest. */
function description({ labels, series, unit }: ChartData): string {
  const points = series.flatMap(({ name, values }) =>
    values.flatMap((value, i) =>
      value === null ? [] : [{ value, at: series.length > 1 ? `${labels[i]}, ${name}` : labels[i] }],
    ),
  );
  const most = points.reduce<{ value: number; at: string } | undefined>(
    (best, point) => (best && best.value >= point.value ? best : point),
    undefined,
  );
  return most
    ? `chart of ${points.length} values; the largest is ${number(most.value)} ${unit} (${most.at}).`
    : 'no values.';
}
