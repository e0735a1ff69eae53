import { Graph, layout } from '@dagrejs/dagre';
import { type Arrow, type Box, type Drawing } from './model';

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

/** Rows from top to bottom along the arrows; the same drawing is placed the same each time. */
export function place({ boxes, arrows }: Drawing): Placed {
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
  // Straight control arrows: they are long, and bent ones would run through boxes.
  for (const { from, to, kind } of arrows) graph.setEdge(from, to, { weight: kind === 'data' ? 1 : 2 });
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    ...{ width, height },
    boxes: sized.map((box) => {
      const { x, y } = graph.node(box.id) as Point;
      return { ...box, x: x - box.width / 2, y: y - box.height / 2 };
    }),
    arrows: arrows.map((arrow) => ({
      ...arrow,
      points: (graph.edge(arrow.from, arrow.to) as { points: Point[] }).points,
    })),
  };
}
