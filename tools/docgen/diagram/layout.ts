import { type Edge, Graph, layout } from '@dagrejs/dagre';
import { backwards } from './backwards';
import { type Arrow, type Box, type Diagram } from './model';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox extends Box, Point {
  readonly width: number;
  readonly height: number;
  /** Lines of the box, wrapped. */
  readonly wrapped: readonly string[];
}

export interface PlacedArrow extends Arrow {
  readonly points: readonly Point[];
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly arrows: readonly PlacedArrow[];
}

/** Pixels. Fonts differ, so widths are on the safe side. */
export const SIZES = { title: 14, line: 11, lineHeight: 15, titleHeight: 20, padding: 10, margin: 20 } as const;
const TITLE_CHARACTER = 8.8;
const LINE_CHARACTER = 6.2;
/** Characters of a line. */
const WRAP = 30;

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WRAP) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const pointsOf = (edge: unknown): readonly Point[] => (edge as { readonly points: readonly Point[] }).points;

/** Rows from top to bottom along the arrows; the same drawing is placed the same each time. */
export function place({ boxes, arrows }: Diagram): Placed {
  const graph = new Graph();
  graph.setGraph({
    rankdir: 'TB',
    nodesep: 26,
    ranksep: 44,
    edgesep: 16,
    marginx: SIZES.margin,
    marginy: SIZES.margin,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  const sized = boxes.map((box) => {
    const wrapped = box.lines.flatMap(wrap);
    const longest = Math.max(
      box.title.length * TITLE_CHARACTER,
      ...wrapped.map((line) => line.length * LINE_CHARACTER),
    );
    return {
      ...{ ...box, wrapped, width: Math.ceil(longest) + 2 * SIZES.padding },
      height: SIZES.titleHeight + wrapped.length * SIZES.lineHeight + 2 * SIZES.padding,
    };
  });
  for (const { id, width, height } of sized) graph.setNode(id, { width, height });
  // Turned round while rows are made: left to itself, dagre turns the first arrows that it comes by, and steps stand upside down.
  const back = backwards(arrows);
  const ends = (arrow: Arrow): [string, string] => (back.has(arrow) ? [arrow.to, arrow.from] : [arrow.from, arrow.to]);
  // Calls first, as they come last in the model: dagre finds shorter ways for what it meets first, and calls go furthest.
  for (const arrow of arrows.toReversed()) graph.setEdge(...ends(arrow), {});
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  // Dagre measures by its boxes; arrows may run outside of them.
  const outermost = Math.max(...graph.edges().flatMap((edge: Edge) => pointsOf(graph.edge(edge)).map(({ x }) => x)));
  return {
    ...{ width: Math.max(width, outermost + SIZES.margin), height },
    boxes: sized.map((box) => {
      const { x, y } = graph.node(box.id) as Point;
      return { ...box, x: x - box.width / 2, y: y - box.height / 2 };
    }),
    arrows: arrows.map((arrow) => {
      const points = pointsOf(graph.edge(...ends(arrow)));
      return { ...arrow, points: back.has(arrow) ? points.toReversed() : points };
    }),
  };
}
