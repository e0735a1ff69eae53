import { type Area, type Placed, type PlacedArrow, type PlacedBox, type Point, SIZES } from './layout';
import { type Kind } from './model';
import { escape, FONT, round, themed } from './theme';

/** Hue of each kind of box, in degrees; people have none. */
const HUES: Readonly<Record<Exclude<Kind, 'people'>, number>> = {
  ...{ api: 265, function: 28, topic: 205, bucket: 145, table: 225, spark: 12, airflow: 178, catalog: 100 },
};

const NAMES: Readonly<Record<Kind, string>> = {
  ...{ people: 'people', api: 'API Gateway', function: 'Lambda', topic: 'MSK', bucket: 'S3', table: 'Keyspaces' },
  ...{ spark: 'EMR Serverless', airflow: 'MWAA', catalog: 'Glue' },
};

const style = () => {
  const boxes = (saturation: number, fill: number, edge: number) =>
    Object.entries(HUES)
      .map(([kind, hue]) => {
        const colour = (lightness: number) => `hsl(${hue} ${saturation}% ${lightness}%)`;
        return `.${kind} rect{fill:${colour(fill)};stroke:${colour(edge)}}`;
      })
      .join('');
  return (
    `text{${FONT}}` +
    `.title,.name{font-size:${SIZES.title}px;font-weight:600}.line,.key{font-size:${SIZES.line}px}` +
    'rect{stroke-width:1.4}.people rect{stroke-dasharray:5 4}' +
    '.arrow{fill:none;stroke-width:1.4;stroke-linejoin:round}.control{stroke-dasharray:3 4}' +
    '.lane{stroke:none}.vpc{fill:none;stroke-dasharray:9 5;stroke-width:1.8}' +
    themed(
      ({ back, text, faint, line }, dark) =>
        `.back{fill:${back}}text{fill:${text}}.line,.key{fill:${faint}}.people rect{fill:${back};stroke:${line}}` +
        `.lane{fill:${dark ? '#171d23' : '#f4f6f8'}}.vpc{stroke:${dark ? '#b98bd9' : '#8c4fb3'}}` +
        `.arrow{stroke:${line}}.head{fill:${line}}${dark ? boxes(35, 19, 58) : boxes(60, 95, 45)}`,
    )
  );
};

const at = ({ x, y }: Point) => `${round(x)} ${round(y)}`;

const area = (kind: 'lane' | 'vpc', { x, y, width, height }: Area) =>
  `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="8"/>`;

const label = (kind: string, x: number, y: number, text: string) =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}">${escape(text)}</text>`;

function box({ kind, x, y, width, height, title, wrapped }: PlacedBox): string {
  const left = x + SIZES.padding;
  const baseline = (line: number) => y + SIZES.padding + SIZES.titleHeight + (line + 0.7) * SIZES.lineHeight;
  return [
    `<g class="${kind}">`,
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6"/>`,
    label('title', left, y + SIZES.padding + SIZES.title, title),
    ...wrapped.map((line, i) => label('line', left, baseline(i), line)),
    '</g>',
  ].join('\n');
}

const arrow = ({ kind, points }: PlacedArrow) =>
  `<path class="arrow ${kind}" d="M${points.map(at).join('L')}" marker-end="url(#head)"/>`;

const LEGEND = { height: 44, step: 122, width: 18 } as const;

/** What colours, lines and borders mean, in a row below the lanes. */
function legend(kinds: readonly Kind[], top: number): string {
  const y = top + LEGEND.height / 2;
  const x = (index: number) => 16 + index * LEGEND.step;
  const text = (index: number, name: string) => label('key', x(index) + LEGEND.width + 10, y + 4, name);
  const swatch = (index: number) => `x="${x(index)}" y="${round(y - 7)}" width="${LEGEND.width}" height="14" rx="3"`;
  const line = (index: number) => `M${x(index)} ${round(y)}L${x(index) + LEGEND.width + 4} ${round(y)}`;
  const colours = kinds.map((kind, i) => `<g class="${kind}"><rect ${swatch(i)}/>${text(i, NAMES[kind])}</g>`);
  const [data, control, border] = [kinds.length, kinds.length + 1, kinds.length + 2];
  return [
    ...colours,
    `<path class="arrow data" d="${line(data)}" marker-end="url(#head)"/>${text(data, 'data')}`,
    `<path class="arrow control" d="${line(control)}" marker-end="url(#head)"/>${text(control, 'starts a step')}`,
    `<rect class="vpc" ${swatch(border)}/>${text(border, 'in the VPC')}`,
  ].join('\n');
}

/** A diagram that follows the reader's light or dark theme. */
export function svg({ width, height, lanes, vpc, boxes, arrows }: Placed): string {
  const kinds = (Object.keys(NAMES) as Kind[]).filter((kind) => boxes.some((each) => each.kind === kind));
  const [w, h] = [Math.ceil(width), Math.ceil(height) + LEGEND.height];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" role="img" aria-labelledby="name about">`,
    '<title id="name">Architecture of the pipeline</title>',
    '<desc id="about">Generated from the synthesized templates of stage prod: npm run generate -- diagrams. Solid arrows follow the data, dotted ones start a step.</desc>',
    `<style>${style()}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
      '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    `<rect class="back" width="${w}" height="${h}"/>`,
    ...lanes.map((lane) => area('lane', lane) + label('name', 12, lane.y + 20, lane.title)),
    area('vpc', vpc) + label('name', vpc.x + 12, vpc.y + 17, vpc.title),
    ...arrows.map(arrow),
    ...boxes.map(box),
    legend(kinds, Math.ceil(height)),
    '</svg>',
  ].join('\n')}\n`;
}
