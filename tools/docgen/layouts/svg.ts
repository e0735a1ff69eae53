import { escape, FONT, themed } from '../svg';
import { COLUMNS, type Layout, type Panel } from './panel';

const SIZES = { column: 50, row: 26, gap: 6, padding: 9, title: 13, line: 11, lineHeight: 15, head: 44 } as const;
/** Of an average letter to its height: texts that are longer than their panel are cut. */
const LETTER = 0.56;

const style = () =>
  `text{${FONT};font-size:${SIZES.line}px}.head{font-size:18px;font-weight:600}.title{font-size:${SIZES.title}px;font-weight:600}` +
  themed(
    ({ back, text, faint, line }) =>
      `.back{fill:${back}}text{fill:${text}}.line,.shown{fill:${faint}}.shown{font-style:italic}.panel rect{fill:${back};stroke:${line}}`,
  );

function cut(text: string, width: number, size: number): string {
  const most = Math.max(4, Math.floor(width / (size * LETTER)));
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}

/** Words of the lines, filled into rows of so many letters. */
function wrapped(lines: readonly string[], width: number): string[] {
  const most = Math.floor(width / (SIZES.line * LETTER));
  return lines.flatMap((line) => {
    const rows: string[] = [];
    for (const word of line.split(/\s+/)) {
      const longer = rows.length === 0 ? word : `${rows[rows.length - 1]} ${word}`;
      if (rows.length > 0 && longer.length <= most) rows[rows.length - 1] = longer;
      else rows.push(word);
    }
    return rows;
  });
}

function drawn({ x, y, width, height, title, shown, lines }: Panel): string {
  const [left, top] = [x * SIZES.column, SIZES.head + y * SIZES.row];
  const [w, h] = [width * SIZES.column - SIZES.gap, height * SIZES.row - SIZES.gap];
  const inner = w - 2 * SIZES.padding;
  const at = left + SIZES.padding;
  const heading = `<text class="title" x="${at}" y="${top + SIZES.title + 4}">${escape(cut(title, inner, SIZES.title))}</text>`;
  // A heading or a row of links has no frame.
  if (shown === 'text') return `<g>${heading}</g>`;
  const first = top + SIZES.title + 6 + SIZES.lineHeight;
  const space = Math.max(0, Math.floor((top + h - first - 4) / SIZES.lineHeight));
  const rows = wrapped(lines, inner);
  const fitting = rows.length <= space ? rows : [...rows.slice(0, Math.max(0, space - 1)), '…'].slice(0, space);
  return [
    `<g class="panel"><rect x="${left}" y="${top}" width="${w}" height="${h}" rx="4"/>${heading}`,
    `<text class="shown" x="${at}" y="${first}">${escape(shown)}</text>`,
    ...fitting.map(
      (row, i) =>
        `<text class="line" x="${at}" y="${first + (i + 1) * SIZES.lineHeight}">${escape(cut(row, inner, SIZES.line))}</text>`,
    ),
    '</g>',
  ].join('\n');
}

/** The layout of a dashboard: where each panel is, what it is called and what it shows. */
export function layoutSvg({ title, panels }: Layout): string {
  const width = COLUMNS * SIZES.column;
  const height = SIZES.head + Math.max(...panels.map((panel) => panel.y + panel.height)) * SIZES.row;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-6 0 ${width + 6} ${height}" role="img" aria-labelledby="name">`,
    `<title id="name">${escape(title)}</title>`,
    `<style>${style()}</style>`,
    `<rect class="back" x="-6" width="${width + 6}" height="${height}"/>`,
    `<text class="head" x="${SIZES.padding}" y="28">${escape(title)}</text>`,
    ...panels.map(drawn),
    '</svg>',
  ].join('\n')}\n`;
}
