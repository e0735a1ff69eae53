/**
 * The overview: the model's boxes in at most twelve groups, two lanes and two colours, for a page 846 px wide. Groups and their places
 * are chosen here; the model decides whether they exist, and which arrows connect them.
 */
import { type Arrow } from './arrow';
import { type Box, type Diagram } from './model';
import { escape, FONT, themed } from './theme';

type Lane = 'batch' | 'speed' | 'shared';

interface Group {
  readonly title: string;
  readonly line: string;
  readonly lane: Lane;
  /** Column and row of the grid. */
  readonly at: readonly [column: number, row: number];
  /** Columns that the box spans. @default 1 */
  readonly span?: number;
  readonly has: (box: Box) => boolean;
}

const titled =
  (...titles: readonly string[]) =>
  ({ title }: Box) =>
    titles.includes(title);

const GROUPS: readonly Group[] = [
  {
    ...{ title: 'S3 lake', line: 'raw records, posts, views; a seal and a manifest per interval' },
    ...{ lane: 'batch', at: [1, 0], span: 4, has: ({ kind }) => kind === 'bucket' },
  },
  { title: 'archive', line: 'copies the topic', lane: 'batch', at: [1, 1], has: titled('archive λ') },
  { title: 'seal, compact', line: 'each post once', lane: 'batch', at: [2, 1], has: titled('seal λ', 'compact λ') },
  { title: 'Spark', line: 'counts the views', lane: 'batch', at: [3, 1], has: ({ kind }) => kind === 'spark' },
  { title: 'publish', line: 'views, boundary', lane: 'batch', at: [4, 1], has: titled('publish λ') },
  {
    ...{ title: 'batch views', line: 'Keyspaces', lane: 'batch', at: [5, 1] },
    has: titled('Keyspaces batch_views', 'Keyspaces batch_runs', 'Keyspaces unreferenced_runs', 'Keyspaces boundary'),
  },
  {
    ...{ title: 'Airflow', line: 'runs these steps for each interval' },
    ...{ lane: 'batch', at: [2, 2], span: 3, has: ({ kind }) => kind === 'airflow' },
  },
  { title: 'ingest', line: 'HTTP API', lane: 'shared', at: [0, 3], has: titled('ingest λ', 'HTTP API: ingest') },
  { title: 'Kafka', line: 'topic posts', lane: 'shared', at: [1, 3], has: ({ kind }) => kind === 'topic' },
  { title: 'query', line: 'HTTP API', lane: 'shared', at: [5, 3], has: titled('query λ', 'HTTP API: query') },
  { title: 'aggregate', line: 'appends, folds', lane: 'speed', at: [1, 4], has: titled('aggregate λ') },
  {
    ...{ title: 'speed log, runs', line: 'Keyspaces', lane: 'speed', at: [5, 4] },
    has: titled('Keyspaces speed_log', 'Keyspaces speed_head', 'Keyspaces speed_runs', 'Keyspaces speed_posts'),
  },
];

/** Not on the path of a post. */
const LEFT_OUT = (box: Box) =>
  box.kind === 'people' || box.kind === 'catalog' || ['canary λ', 'reconcile λ'].includes(box.title);

export const WIDTH = 846;
const FONTS = { title: 14.5, line: 13 } as const;
const CELL = { width: WIDTH / 6, height: 78 } as const;
const BOX = { width: 124, height: 48 } as const;
const MARGIN = 12;
const HEIGHT = 5 * CELL.height + 2 * MARGIN;

interface Placed extends Group {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface Overview {
  readonly groups: readonly Placed[];
  readonly arrows: readonly {
    readonly from: Placed;
    readonly to: Placed;
    readonly both: boolean;
    readonly kind: Arrow['kind'];
  }[];
}

/** @throws Error if a box of the model has no group, or a group no box */
export function overviewOf({ boxes, arrows }: Diagram): Overview {
  const shown = boxes.filter((box) => !LEFT_OUT(box));
  const groupOf = (box: Box) => GROUPS.find(({ has }) => has(box));
  const without = shown.find((box) => groupOf(box) === undefined);
  if (without) throw new Error(`'${without.title}' has no group in tools/docgen/diagram/overview.ts`);
  const empty = GROUPS.find(({ has }) => !shown.some(has));
  if (empty)
    throw new Error(`the templates have nothing of group '${empty.title}' in tools/docgen/diagram/overview.ts`);
  const groups = GROUPS.map((group) => {
    const [column, row] = group.at;
    const width = BOX.width + ((group.span ?? 1) - 1) * CELL.width;
    const x = column * CELL.width + (CELL.width - BOX.width) / 2;
    return { ...group, width, x, y: MARGIN + row * CELL.height + (CELL.height - BOX.height) / 2 };
  });
  const byBox = new Map(shown.map((box) => [box.id, groups.find(({ has }) => has(box))!]));
  const ends = arrows.flatMap(({ from, to, kind }) => {
    const [start, end] = [byBox.get(from), byBox.get(to)];
    return start && end && start !== end ? [{ from: start, to: end, kind }] : [];
  });
  // Airflow gets its DAGs from the lake, and seal appends to the topic: neither is on the path of a post.
  const data = ends.filter(
    ({ from, to }) => to.title !== 'Airflow' && !(to.title === 'Kafka' && from.lane === 'batch'),
  );
  const first = new Map(data.map((arrow) => [[arrow.from.title, arrow.to.title].sort().join(), arrow]));
  const has = (from: Placed, to: Placed) => data.some((arrow) => arrow.from === from && arrow.to === to);
  return {
    groups,
    arrows: [...first.values()].map((arrow) => ({
      ...arrow,
      both: has(arrow.from, arrow.to) && has(arrow.to, arrow.from),
    })),
  };
}

/** A straight line between the nearest sides, in the range that both boxes share. */
function line({ from, to, both, kind }: Overview['arrows'][number]): string {
  const left = Math.max(from.x, to.x);
  const right = Math.min(from.x + from.width, to.x + to.width);
  const start = both ? ' marker-start="url(#head)"' : '';
  const path = (x1: number, y1: number, x2: number, y2: number) =>
    `<path class="arrow ${kind}" d="M${x1} ${y1}L${x2} ${y2}" marker-end="url(#head)"${start}/>`;
  if (left < right) {
    const x = (left + right) / 2;
    return from.y < to.y ? path(x, from.y + BOX.height, x, to.y) : path(x, from.y, x, to.y + BOX.height);
  }
  const y = from.y + BOX.height / 2;
  return from.x < to.x ? path(from.x + from.width, y, to.x, y) : path(from.x, y, to.x + to.width, y);
}

const COLOURS: Readonly<Record<Exclude<Lane, 'shared'>, number>> = { batch: 215, speed: 28 };

const style = () =>
  `text{${FONT};text-anchor:middle}.title{font-size:${FONTS.title}px;font-weight:600}.line{font-size:${FONTS.line}px}` +
  `.lane{font-size:${FONTS.title}px;font-weight:600;text-anchor:start}.about{font-size:${FONTS.line}px;text-anchor:start}` +
  'rect{stroke-width:1.4}.arrow{fill:none;stroke-width:1.6}.control{stroke-dasharray:3 4}' +
  themed(({ back, text, faint, line: stroke }, dark) => {
    const lanes = Object.entries(COLOURS).map(([lane, hue]) => {
      const colour = (lightness: number) => `hsl(${hue} ${dark ? 35 : 65}% ${lightness}%)`;
      const [band, fill, edge] = (dark ? [12, 22, 60] : [97, 90, 42]).map(colour);
      return `.${lane}.band{fill:${band};stroke:none}.${lane} rect{fill:${fill};stroke:${edge}}`;
    });
    return (
      `.back{fill:${back}}text{fill:${text}}.line,.about{fill:${faint}}.shared rect{fill:${back};stroke:${stroke}}` +
      `.arrow{stroke:${stroke}}.head{fill:${stroke}}${lanes.join('')}`
    );
  });

function box({ lane, title, line: below, x, y, width }: Placed): string {
  const text = (kind: string, baseline: number, content: string) =>
    `<text class="${kind}" x="${x + width / 2}" y="${y + baseline}">${escape(content)}</text>`;
  const frame = `<rect x="${x}" y="${y}" width="${width}" height="${BOX.height}" rx="6"/>`;
  return `<g class="${lane}">${frame}${text('title', 20, title)}${text('line', 38, below)}</g>`;
}

function band(
  lane: Exclude<Lane, 'shared'>,
  row: number,
  rows: number,
  title: string,
  about: readonly string[],
): string {
  const top = MARGIN + row * CELL.height;
  const texts = about.map((each, i) => `<text class="about" x="10" y="${top + 44 + i * 18}">${each}</text>`);
  return [
    `<rect class="${lane} band" y="${top}" width="${WIDTH}" height="${rows * CELL.height}" rx="8"/>`,
    `<text class="lane" x="10" y="${top + 24}">${title}</text>`,
    ...texts,
  ].join('');
}

export function overviewSvg({ groups, arrows }: Overview): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="name about">`,
    '<title id="name">The pipeline in two layers</title>',
    '<desc id="about">Generated from the synthesized templates of stage prod: npm run generate -- diagrams. Solid arrows follow the data, dotted ones start a step.</desc>',
    `<style>${style()}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">' +
      '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    `<rect class="back" width="${WIDTH}" height="${HEIGHT}"/>`,
    band('batch', 0, 3, 'Batch layer', ['exact, for each', 'past interval']),
    band('speed', 4, 1, 'Speed layer', ['seconds behind,', 'since then']),
    ...arrows.map(line),
    ...groups.map(box),
    '</svg>',
  ].join('\n')}\n`;
}
