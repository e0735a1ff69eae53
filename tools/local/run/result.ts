/**
 * The result of a run: whether every acknowledged post is in both layers, once. Pure, so that each kind of error is a test.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Expected } from './sent-log';
import type { AnswerRow, Layer } from './query-client';

export interface Observed {
  /** All counts of every view, by layer. */
  readonly views: Readonly<Record<string, Readonly<Record<'batch' | 'speed', readonly AnswerRow[]>>>>;
  readonly answers: Readonly<Record<Layer, Readonly<Record<string, readonly AnswerRow[]>>>>;
  /** Sum of the differences that reconcile found in the intervals of this run. */
  readonly drift: number;
}

/** Views that count every post with the section once, so that their sum is the number of such posts. */
const TOTALS = [
  { view: 'posts_by_category', section: 'pin' },
  { view: 'posts_by_country', section: 'geo' },
] as const;

const sumOf = (rows: readonly AnswerRow[]) => rows.reduce((sum, row) => sum + Number(row.count), 0);

/** One line per error; empty if the result is correct. */
export function errorsOf(expected: Expected, observed: Observed): string[] {
  const errors: string[] = [];
  for (const { view, section } of TOTALS) {
    for (const layer of ['batch', 'speed'] as const) {
      const counted = sumOf(observed.views[view][layer]);
      if (counted !== expected[section]) {
        errors.push(
          `${expected[section]} posts with ${section} were acknowledged, the ${layer} layer counts ${counted}`,
        );
      }
    }
  }
  for (const [view, { batch, speed }] of Object.entries(observed.views)) {
    if (!isDeepStrictEqual(batch, speed)) errors.push(`view ${view} differs between the layers`);
  }
  for (const [answer, rows] of Object.entries(observed.answers.merged)) {
    for (const layer of ['batch', 'speed'] as const) {
      if (!isDeepStrictEqual(rows, observed.answers[layer][answer])) {
        errors.push(`answer ${answer} of the ${layer} layer differs from the merged one`);
      }
    }
  }
  if (observed.drift !== 0) errors.push(`drift is ${observed.drift}, expected 0`);
  return errors;
}
