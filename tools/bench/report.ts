/** What a bench found, and how it is told: a table of figures, each against its goal where it has one. */

/** How much a bench measures. Tests take little. */
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
  /** @default - none: it explains another figure */
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

/** `met`, `missed`, or nothing where there is no goal. The exact value counts, not the printed one. */
export function verdict({ value, goal }: Figure): string {
  if (!goal) return '';
  return value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity) ? 'met' : 'missed';
}

/** The cells of a figure: what, measured, goal, result. */
export function cells(figure: Figure): string[] {
  const { what, value, unit, goal } = figure;
  const withUnit = (text: string) => (text === '' || unit === '' ? text : `${text} ${unit}`);
  return [what, withUnit(number(value)), withUnit(goalText(goal)), verdict(figure)];
}

export function asText({ bench, setting, figures }: Report): string {
  const rows = figures.map(cells);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map(([what, value, goal, result]) =>
    `  ${what.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${goal.padEnd(widths[2])}  ${result}`.trimEnd(),
  );
  return `${bench}: ${setting}\n${lines.join('\n')}\n`;
}
