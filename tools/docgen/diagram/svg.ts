import { escape, FONT, round, themed } from './theme';
import { type Placed, type PlacedArrow, type PlacedBox, type Point, SIZES } from './layout';
import { type Kind } from './model';

/** Hue of each kind of box, in degrees; people have none. */
const HUES: Readonly<Record<Exclude<Kind, 'people'>, number>> = {
  ...{ api: 265, function: 28, topic: 205, bucket: 145, table: 225, spark: 12, airflow: 178, catalog: 100 },
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
    `.title{font-size:${SIZES.title}px;font-weight:600}.line{font-size:${SIZES.line}px}` +
    'rect{stroke-width:1.4}.people rect{stroke-dasharray:5 4}' +
    '.arrow{fill:none;stroke-width:1.4}.control{stroke-dasharray:3 4}' +
    themed(
      ({ back, text, faint, line }, dark) =>
        `.back{fill:${back}}text{fill:${text}}.line{fill:${faint}}.people rect{fill:${back};stroke:${line}}` +
        `.arrow{stroke:${line}}.head{fill:${line}}${dark ? boxes(35, 19, 58) : boxes(60, 95, 45)}`,
    )
  );
};

const at = ({ x, y }: Point) => `${round(x)} ${round(y)}`;

function box({ kind, x, y, width, height, title, wrapped }: PlacedBox): string {
  const left = round(x + SIZES.padding);
  const texts = wrapped.map((line, i) => {
    const baseline = y + SIZES.padding + SIZES.titleHeight + (i + 0.7) * SIZES.lineHeight;
    return `<text class="line" x="${left}" y="${round(baseline)}">${escape(line)}</text>`;
  });
  return [
    `<g class="${kind}">`,
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6"/>`,
    `<text class="title" x="${left}" y="${round(y + SIZES.padding + SIZES.title)}">${escape(title)}</text>`,
    ...texts,
    '</g>',
  ].join('\n');
}

/** A smooth line through the points: curves between the middles of its pieces. */
function arrow({ kind, points }: PlacedArrow): string {
  const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const last = points[points.length - 1];
  const curves = points
    .slice(1, -1)
    .map((point, i) => `Q${at(point)} ${at(i === points.length - 3 ? last : middle(point, points[i + 2]))}`);
  const path = `M${at(points[0])}${curves.join('')}${curves.length === 0 ? `L${at(last)}` : ''}`;
  return `<path class="arrow ${kind}" d="${path}" marker-end="url(#head)"/>`;
}

/** A drawing that follows the reader's light or dark theme. */
export function svg({ width, height, boxes, arrows }: Placed): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" role="img" aria-labelledby="name about">`,
    '<title id="name">Architecture of the pipeline</title>',
    '<desc id="about">Generated from the synthesized templates of stage prod: npm run generate -- diagrams. Solid arrows follow the data, dotted ones start a step.</desc>',
    `<style>${style()}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
      '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    `<rect class="back" width="${w}" height="${h}"/>`,
    ...arrows.map(arrow),
    ...boxes.map(box),
    '</svg>',
  ].join('\n')}\n`;
}
