/** What the two kinds of dashboards have in common: both lay out panels on a grid of 24 columns. */
export interface Panel {
  /** Columns and rows of the grid. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What it is shown as: a chart, a number, a table … */
  readonly shown: string;
  /** What is shown: names of series, or a text. */
  readonly lines: readonly string[];
}

export interface Layout {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Columns of both grids. */
export const COLUMNS = 24;
