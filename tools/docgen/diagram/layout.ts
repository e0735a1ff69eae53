/**
 * Places the boxes in lanes (rows of steps, in the order in which a post passes them) and columns: people, APIs, starters of steps,
 * steps, stores, catalog. The columns with an interface in the VPC are adjacent, so the border of the network is one rectangle.
 */
import { type Arrow } from './arrow';
import { type Box, type Diagram } from './model';

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
  /** Corners of a line that is horizontal or vertical everywhere. */
  readonly points: readonly Point[];
}

export interface Area extends Point {
  readonly title: string;
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly Area[];
  readonly vpc: Area;
  readonly boxes: readonly PlacedBox[];
  readonly arrows: readonly PlacedArrow[];
}

/** Pixels. Fonts differ, so widths are generous. */
export const SIZES = { title: 14, line: 11, lineHeight: 15, titleHeight: 20, padding: 8, lane: 30, vpc: 26 } as const;
const GAP = { box: 10, port: 13, track: 13, row: 14, lane: 18, column: 36 } as const;
/** Characters of a line. */
const WRAP = 30;

/** Steps of each lane. A step that is not listed is an error: only people know when a post passes it. */
const LANES = {
  Ingest: ['ingest λ', 'canary λ'],
  'Batch layer': ['archive λ', 'seal λ', 'compact λ', 'Spark', 'publish λ', 'reconcile λ'],
  'Speed layer': ['aggregate λ'],
  Serving: ['query λ'],
} as const;
const ROWS: readonly string[] = Object.values(LANES).flat();

const COLUMNS = ['people', 'outside', 'starters', 'steps', 'stores', 'catalog'] as const;
type Column = (typeof COLUMNS)[number];
const WIDTHS: Readonly<Record<Column, number>> = {
  ...{ people: 100, outside: 210, starters: 200, steps: 210, stores: 215, catalog: 155 },
};

const STORES: ReadonlySet<string> = new Set(['bucket', 'table']);
const isStep = ({ kind }: Box) => kind === 'function' || kind === 'spark';

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WRAP) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const heightOf = (lines: number) => SIZES.titleHeight + lines * SIZES.lineHeight + 2 * SIZES.padding;

interface Cell {
  readonly box: Box;
  readonly column: Column;
  readonly row: number;
}

/** The row of a step, or of the step that a box belongs to: its writer, else its reader. */
function cellsOf({ boxes, arrows }: Diagram): Cell[] {
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const rowOfStep = ({ title }: Box) => {
    const row = ROWS.indexOf(title);
    if (row < 0) throw new Error(`'${title}' has no lane in tools/docgen/diagram/layout.ts`);
    return row;
  };
  const neighbours = (ids: readonly string[]) =>
    ids
      .map((id) => byId.get(id)!)
      .filter(isStep)
      .map(rowOfStep);
  const rowOf = (box: Box): number => {
    if (isStep(box)) return rowOfStep(box);
    // Both stand beside a lane's steps, in a row where nothing else is in their column.
    if (box.kind === 'topic') return ROWS.indexOf('canary λ');
    if (box.kind === 'airflow') return ROWS.indexOf('seal λ');
    const into = arrows.filter(({ to }) => to === box.id).map(({ from }) => from);
    const out = arrows.filter(({ from }) => from === box.id).map(({ to }) => to);
    const rows = [...neighbours(into), ...neighbours(out)];
    if (rows.length > 0)
      return STORES.has(box.kind) && neighbours(into).length > 0 ? Math.min(...neighbours(into)) : rows[0];
    return rowOf(byId.get([...into, ...out][0])!);
  };
  const columnOf = (box: Box): Column => {
    if (box.kind === 'people' || box.kind === 'catalog') return box.kind === 'people' ? 'people' : 'catalog';
    if (box.kind === 'topic' || box.kind === 'airflow') return 'starters';
    if (STORES.has(box.kind)) return arrowsToAirflow(box.id) ? 'outside' : 'stores';
    return isStep(box) && box.inVpc ? 'steps' : 'outside';
  };
  const arrowsToAirflow = (id: string) =>
    arrows.some(({ from, to }) => from === id && byId.get(to)!.kind === 'airflow');
  return boxes.map((box) => ({ box, column: columnOf(box), row: rowOf(box) }));
}

/** Lines in a channel between two columns. Each has a track; lines that don't meet share one. */
class Channel {
  private readonly tracks: (readonly [number, number])[][] = [];

  take(from: number, to: number): number {
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    const free = this.tracks.findIndex((taken) => taken.every(([a, b]) => high < a || low > b));
    const track = free < 0 ? this.tracks.push([]) - 1 : free;
    this.tracks[track].push([low, high]);
    return track;
  }

  get width(): number {
    return Math.max(GAP.column, (this.tracks.length + 3) * GAP.track);
  }
}

/** @throws Error if a step has no lane */
export function place(diagram: Diagram): Placed {
  const cells = cellsOf(diagram);
  const inCell = (row: number, column: Column) => cells.filter((cell) => cell.row === row && cell.column === column);
  const cellOf = new Map(cells.map((cell) => [cell.box.id, cell]));
  const linesOf = (box: Box) => box.lines.flatMap(wrap);
  const order = (column: Column) => COLUMNS.indexOf(column);
  /** Arrows that are not straight lines to the neighbour in the same row. */
  const bends = (arrow: Arrow) => {
    const [from, to] = [cellOf.get(arrow.from)!, cellOf.get(arrow.to)!];
    return !(from.row === to.row && from.column !== to.column);
  };
  const controlled = (arrow: Arrow) => cellOf.get(arrow.from)!.box.kind === 'airflow';
  const bent = diagram.arrows.filter((arrow) => bends(arrow) && !controlled(arrow));
  /** Arrows of a step that cross the channel at its right (stores) or left. */
  const portsOf = (id: string, side: 'left' | 'right') =>
    bent.filter(({ from, to }) => {
      if (from !== id && to !== id) return false;
      const other = cellOf.get(from === id ? to : from)!;
      return order(other.column) > order(cellOf.get(id)!.column) === (side === 'right');
    });
  const stackHeight = (row: number, column: Column) =>
    inCell(row, column).reduce((sum, { box }) => sum + heightOf(linesOf(box).length) + GAP.box, -GAP.box);
  const portSpace = (row: number) =>
    Math.max(0, ...inCell(row, 'steps').map(({ box }) => portsOf(box.id, 'right').length * GAP.port));
  const contentHeight = (row: number) => Math.max(...COLUMNS.map((column) => stackHeight(row, column)));
  const stretched = (row: number) => Math.max(contentHeight(row), stackHeight(row, 'stores') + portSpace(row) + 4);

  // Lanes enclose rows.
  const tops: number[] = [];
  const lanes: { title: string; y: number; height: number }[] = [];
  let y = SIZES.vpc;
  for (const [title, steps] of Object.entries(LANES)) {
    const y0 = y;
    y += SIZES.lane;
    for (const step of steps) {
      tops.push(y);
      y += stretched(ROWS.indexOf(step)) + GAP.row;
    }
    lanes.push({ title, y: y0, height: y - y0 });
    y += GAP.lane;
  }
  const bottom = y - GAP.lane;

  // Each bent arrow has a track in the channel to the right of the left one of its two columns; arrows from one box share it.
  const channels = new Map(COLUMNS.map((column) => [column, new Channel()]));
  const channelOf = ({ from, to }: Arrow): Column =>
    COLUMNS[Math.min(order(cellOf.get(from)!.column), order(cellOf.get(to)!.column)) + 1];
  const tracks = new Map<string, number>();
  const busOf = (arrow: Arrow) => `${channelOf(arrow)} ${arrow.from}`;
  for (const bus of new Set(bent.map(busOf))) {
    const arrows = bent.filter((arrow) => busOf(arrow) === bus);
    const rows = arrows.flatMap(({ from, to }) => [cellOf.get(from)!.row, cellOf.get(to)!.row]);
    tracks.set(bus, channels.get(channelOf(arrows[0]))!.take(Math.min(...rows), Math.max(...rows)));
  }
  const lefts = {} as Record<Column, number>;
  let x = GAP.column / 2;
  for (const column of COLUMNS) {
    if (column !== 'people') x += channels.get(column)!.width;
    lefts[column] = x;
    x += WIDTHS[column];
  }
  const width = x + GAP.column / 2;

  const lastRow = ROWS.indexOf('reconcile λ');
  const boxOf = ({ box, column, row }: Cell): PlacedBox => {
    const stack = inCell(row, column);
    const above = stack.slice(
      0,
      stack.findIndex((cell) => cell.box === box),
    );
    const offset = above.reduce((sum, cell) => sum + heightOf(linesOf(cell.box).length) + GAP.box, 0);
    const wrapped = linesOf(box);
    const heights = { airflow: tops[lastRow] + stretched(lastRow) - tops[row], steps: stretched(row) };
    const height =
      box.kind === 'airflow' ? heights.airflow : column === 'steps' ? heights.steps : heightOf(wrapped.length);
    // The catalog describes a store, and stands beside it.
    const source = column === 'catalog' ? diagram.arrows.find(({ to }) => to === box.id) : undefined;
    const y = source ? boxOf(cellOf.get(source.from)!).y : tops[row] + offset;
    return { ...box, wrapped, height, width: WIDTHS[column], x: lefts[column], y };
  };
  const boxes = cells.map(boxOf);
  const placed = new Map(boxes.map((box) => [box.id, box]));

  /** Where an arrow meets a box: beside the middle of a store or starter, at a separate port of a step. */
  const meets = (arrow: Arrow, end: 'from' | 'to'): number => {
    const box = placed.get(arrow[end])!;
    const { column, row } = cellOf.get(box.id)!;
    if (column !== 'steps') {
      const middle = box.y + Math.min(box.height, heightOf(box.wrapped.length)) / 2;
      return middle + (bends(arrow) ? (end === 'from' ? 7 : -7) : 0);
    }
    const other = cellOf.get(arrow[end === 'from' ? 'to' : 'from'])!;
    const right = order(other.column) > order(column);
    const ports = portsOf(box.id, right ? 'right' : 'left');
    const index = ports.indexOf(arrow);
    const first = right
      ? Math.max(0, stackHeight(row, 'stores')) + GAP.port
      : heightOf(box.wrapped.length) / 2 + GAP.port;
    return box.y + first + index * GAP.port;
  };

  const arrows = diagram.arrows.map((arrow): PlacedArrow => {
    const [from, to] = [placed.get(arrow.from)!, placed.get(arrow.to)!];
    const right = order(cellOf.get(arrow.to)!.column) >= order(cellOf.get(arrow.from)!.column);
    const start = right ? from.x + from.width : from.x;
    const end = right ? to.x : to.x + to.width;
    if (controlled(arrow) || !bends(arrow)) {
      // The lower or smaller of the two gives the height: steps and Airflow are as tall as their row.
      const small = controlled(arrow) || to.height <= from.height ? to : from;
      const at = small.y + (controlled(arrow) ? GAP.port : Math.min(small.height, heightOf(small.wrapped.length)) / 2);
      return {
        ...arrow,
        points: [
          { x: start, y: at },
          { x: end, y: at },
        ],
      };
    }
    const column = channelOf(arrow);
    const track = lefts[column] - channels.get(column)!.width + (tracks.get(busOf(arrow))! + 2) * GAP.track;
    const [a, b] = [meets(arrow, 'from'), meets(arrow, 'to')];
    return {
      ...arrow,
      points: [
        { x: start, y: a },
        { x: track, y: a },
        { x: track, y: b },
        { x: end, y: b },
      ],
    };
  });

  const inVpc = boxes.filter((box) => box.inVpc);
  const edge = GAP.box;
  const vpcLeft = Math.min(...inVpc.map((box) => box.x)) - edge;
  const vpcRight = Math.max(...inVpc.map((box) => box.x + box.width)) + edge;
  return {
    ...{ width, height: bottom, boxes, arrows },
    lanes: lanes.map((lane) => ({ ...lane, x: 0, width })),
    vpc: { title: 'VPC', x: vpcLeft, y: 4, width: vpcRight - vpcLeft, height: bottom - 8 },
  };
}
