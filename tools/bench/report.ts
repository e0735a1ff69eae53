/** The result of a bench: a table of figures, each with its goal where it has one. */
import { textTable } from '../kit/table';

/** How much a bench measures; little in tests. */
export interface Size {
  readonly rounds: number;
  /** In a round. */
  readonly posts: number;
}

export interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Figure {
  readonly what: string;
  readonly value: number;
  /** Empty for ratios. */
  readonly unit: string;
  /** @default - none: the figure explains another one */
  readonly goal?: Goal;
}

export interface Report {
  readonly bench: string;
  /** What was measured against what, on how much data. */
  readonly setting: string;
  readonly figures: readonly Figure[];
}

/** Three significant digits, or whole numbers. */
export function number(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

export function goalText(goal: Goal | undefined): string {
  if (goal?.atLeast !== undefined) return `≥ ${number(goal.atLeast)}`;
  return goal?.atMost !== undefined ? `≤ ${number(goal.atMost)}` : '';
}

/** `met`, `missed`, or nothing where there is no goal. The exact value decides, not the printed one. */
export function result({ value, goal }: Figure): string {
  if (!goal) return '';
  return value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity) ? 'met' : 'missed';
}

/** The cells of a figure: what, measured, goal, result. */
export function cells(figure: Figure): string[] {
  const { what, value, unit, goal } = figure;
  const withUnit = (text: string) => (text === '' || unit === '' ? text : `${text} ${unit}`);
  return [what, withUnit(number(value)), withUnit(goalText(goal)), result(figure)];
}

export const asText = ({ bench, setting, figures }: Report): string =>
  `${bench}: ${setting}\n${textTable(figures.map(cells), { align: ['left', 'right'] })}\n`;
