/**
 * Whether the run kept the pipeline's promises: every acknowledged post is in both layers, once. Pure, so that each way to
 * break the promise is a test.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Expected } from './ledger';
import type { AnswerRow, Layer } from './query-client';

export interface Observed {
  /** All counts of every view, by layer. */
  readonly views: Readonly<Record<string, Readonly<Record<'batch' | 'speed', readonly AnswerRow[]>>>>;
  readonly answers: Readonly<Record<Layer, Readonly<Record<string, readonly AnswerRow[]>>>>;
  /** Sum of the differences that reconcile found over the intervals of this run. */
  readonly drift: number;
}

/** Views in which every post with that section counts once, so that their sum is the number of such posts. */
const TOTALS = [
  { view: 'posts_by_category', section: 'pin' },
  { view: 'posts_by_country', section: 'geo' },
] as const;

const sumOf = (rows: readonly AnswerRow[]) => rows.reduce((sum, row) => sum + Number(row.count), 0);

/** The broken promises, a line each; empty if all were kept. */
export function brokenPromises(expected: Expected, observed: Observed): string[] {
  const broken: string[] = [];
  for (const { view, section } of TOTALS) {
    for (const layer of ['batch', 'speed'] as const) {
      const counted = sumOf(observed.views[view][layer]);
      if (counted !== expected[section]) {
        broken.push(
          `${expected[section]} posts with ${section} were acknowledged, the ${layer} layer counts ${counted}`,
        );
      }
    }
  }
  for (const [view, { batch, speed }] of Object.entries(observed.views)) {
    if (!isDeepStrictEqual(batch, speed)) broken.push(`view ${view} differs between the layers`);
  }
  for (const [answer, rows] of Object.entries(observed.answers.merged)) {
    for (const layer of ['batch', 'speed'] as const) {
      if (!isDeepStrictEqual(rows, observed.answers[layer][answer])) {
        broken.push(`answer ${answer} of the ${layer} layer differs from the merged one`);
      }
    }
  }
  if (observed.drift !== 0) broken.push(`drift is ${observed.drift}, expected 0`);
  return broken;
}
