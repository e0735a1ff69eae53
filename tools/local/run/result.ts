/**
 * The result of a run: whether every acknowledged post is in both layers, once. Pure, so that each kind of error is a test.
 */
import { isDeepStrictEqual } from 'node:util';
import { bySection, SECTIONS } from '../../../lambda/domain/columns';
import { maskOf, type SectionMask } from '../../../lambda/domain/merge';
import type { Counted } from './counted';
import type { Acknowledged, Expected } from './sent-log';
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

type Layers = Readonly<Record<'batch' | 'speed', Counted>>;

/** What is compared of posts, index by index. */
export interface Posts {
  /** By index, the sections that were acknowledged to a client. */
  readonly acknowledged: ReadonlyMap<number, SectionMask>;
  readonly layers: Layers;
}

/** Posts that were acknowledged several times, or in several parts, as one. */
export function acknowledgedByIndex(records: Iterable<Acknowledged>): Map<number, SectionMask> {
  const found = new Map<number, SectionMask>();
  for (const { key, sections } of records) {
    found.set(Number(key), (found.get(Number(key)) ?? 0) | maskOf(sections));
  }
  return found;
}

/** Posts by index, each with sections. */
type Wrong = ReadonlyMap<number, SectionMask>;

/** What is wrong in a layer. */
export interface WrongPosts {
  /** Acknowledged, and not counted. */
  readonly lost: Wrong;
  /** Counted more than once. */
  readonly twice: Wrong;
  /** Counted here, and not in the other layer. */
  readonly alone: Wrong;
}

/** What of `some` is not in `others`. */
function without(some: Wrong, others: Wrong): Map<number, SectionMask> {
  const left = new Map<number, SectionMask>();
  for (const [index, sections] of some) {
    const missing = sections & ~(others.get(index) ?? 0);
    if (missing !== 0) left.set(index, missing);
  }
  return left;
}

/** A post whose request got no response may be counted or not, but by both layers or by none. */
export function wrongPosts({ acknowledged, layers }: Posts): Readonly<Record<keyof Layers, WrongPosts>> {
  const of = (layer: keyof Layers, other: keyof Layers): WrongPosts => ({
    lost: without(acknowledged, layers[layer].sections),
    twice: layers[layer].twice,
    alone: without(layers[layer].sections, layers[other].sections),
  });
  return { batch: of('batch', 'speed'), speed: of('speed', 'batch') };
}

const WRONG: Readonly<Record<keyof WrongPosts, (count: number, layer: string) => string>> = {
  lost: (count, layer) => `${count} acknowledged posts are not in the ${layer} layer`,
  twice: (count, layer) => `${count} posts are counted twice by the ${layer} layer`,
  alone: (count, layer) => `${count} posts are in the ${layer} layer alone`,
};
const NAMED_POSTS = 20;

/** `12 (pin), 99 (geo user), …` */
function names(posts: Wrong): string {
  const shown = [...posts].slice(0, NAMED_POSTS).map(([index, mask]) => {
    return `${index} (${SECTIONS.filter((_, bit) => (mask & (1 << bit)) !== 0).join(' ')})`;
  });
  return [...shown, ...(posts.size > shown.length ? ['…'] : [])].join(', ');
}

/** One line per error, which names the posts; empty if the layers have what they must have. */
export function errorsOfPosts(posts: Posts): string[] {
  return Object.entries(wrongPosts(posts)).flatMap(([layer, wrong]) =>
    Object.entries(WRONG).flatMap(([kind, line]) => {
      const found = wrong[kind as keyof WrongPosts];
      return found.size === 0 ? [] : [`${line(found.size, layer)}: ${names(found)}`];
    }),
  );
}

/** How many posts have each section, of those that a layer has. */
export function countsOf({ sections }: Counted): Expected {
  const all = [...sections.values()];
  return bySection((section) => all.filter((mask) => (mask & maskOf([section])) !== 0).length);
}

/** One line per error of what the API answers; empty if the result is correct. */
export function errorsOf(expected: Expected, observed: Observed): string[] {
  const errors: string[] = [];
  for (const { view, section } of TOTALS) {
    for (const layer of ['batch', 'speed'] as const) {
      const counted = sumOf(observed.views[view][layer]);
      if (counted !== expected[section]) {
        errors.push(`${expected[section]} posts with ${section} must be counted, the ${layer} layer counts ${counted}`);
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
