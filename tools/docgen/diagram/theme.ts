/** Colours and rules of all diagrams, which follow the reader's light or dark theme. */

export const FONT = 'font-family:system-ui,"Segoe UI","DejaVu Sans",sans-serif';

export interface Colours {
  readonly back: string;
  readonly text: string;
  readonly faint: string;
  readonly line: string;
}

export const LIGHT: Colours = { back: '#ffffff', text: '#1c2024', faint: '#4a5159', line: '#6b737c' };
export const DARK: Colours = { back: '#0f1317', text: '#edf0f3', faint: '#b4bcc4', line: '#8b949e' };

/** Rules for both themes. */
export const themed = (rules: (colours: Colours, dark: boolean) => string): string =>
  `${rules(LIGHT, false)}@media (prefers-color-scheme:dark){${rules(DARK, true)}}`;

export const escape = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** Rounded to a tenth. */
export const round = (value: number) => String(Math.round(value * 10) / 10);
