/**
 * The arithmetic of views in its plainest form, post by post: what the functions' columns, runs and merges are compared with. Counts are a
 * map from a key (the dimension values, joined) to a 64-bit integer.
 *
 * Invariants:
 * - Merging is associative and commutative: the result does not depend on how posts were split. So partitions, intervals and both
 *   layers share it.
 * - The same holds with trimming at any point, because only `max` views have a `top` (by type).
 */
import { columnOf, type Section, type Sections } from '../../lambda/domain/columns';
import { maskOf, maskOfPresent, type DimensionValue, type SectionMask } from '../../lambda/domain/merge';
import { compareKeys, type Row } from '../../lambda/domain/sorted-run';
import { sectionsOf, type View } from '../../lambda/domain/views';

export type Counts = Map<string, number>;

/** U+001F, the unit separator. The cleaning leaves no C0 control character in a value. */
const KEY_SEPARATOR = '\u001f';

interface ColumnAt {
  readonly section: Section;
  readonly name: string;
}

interface Plan {
  readonly mask: SectionMask;
  readonly dimensions: readonly ColumnAt[];
  readonly value: ColumnAt | undefined;
}

const plans = new WeakMap<View, Plan>();

/** Made once for each view: columns are looked up by name, which is too slow for every post. */
function planOf(view: View): Plan {
  let plan = plans.get(view);
  if (!plan) {
    const at = (name: View['dimensions'][number]): ColumnAt => ({ section: columnOf(name).section, name });
    plan = {
      mask: maskOf(sectionsOf(view)),
      dimensions: view.dimensions.map(at),
      value: view.value ? at(view.value) : undefined,
    };
    plans.set(view, plan);
  }
  return plan;
}

export interface Contribution {
  readonly key: string;
  readonly value: number;
}

/**
 * What a post contributes to a view when `news` are the sections that arrived just now: nothing unless the post has all
 * sections that the view reads and one of them is new. So each view counts each post once.
 * @param sections the columns of all sections known, those of `news` included
 */
export function contributionOf(
  view: View,
  sections: Sections,
  known: SectionMask,
  news: SectionMask,
): Contribution | undefined {
  const plan = planOf(view);
  if ((known & plan.mask) !== plan.mask || (news & plan.mask) === 0) return undefined;
  let key = '';
  for (let i = 0; i < plan.dimensions.length; i++) {
    const { section, name } = plan.dimensions[i];
    const value = sections[section]![name];
    if (value === null || value === undefined) return undefined;
    key = i === 0 ? String(value) : key + KEY_SEPARATOR + String(value);
  }
  if (!plan.value) return { key, value: 1 };
  const value = sections[plan.value.section]![plan.value.name];
  return typeof value === 'number' ? { key, value } : undefined;
}

/** {@link contributionOf} for sections given by name. */
export function contribution(view: View, sections: Sections, newSections: Iterable<Section>): Contribution | undefined {
  return contributionOf(view, sections, maskOfPresent(sections), maskOf(newSections));
}

/** Adds one value, by the view's `merge`. */
export function add(view: View, counts: Counts, key: string, value: number): void {
  const before = counts.get(key);
  if (before === undefined) counts.set(key, value);
  else if (view.merge === 'sum') counts.set(key, before + value);
  else if (value > before) counts.set(key, value);
}

function groupOf(key: string, dimensions: number): string {
  let end = -1;
  for (let i = 0; i < dimensions; i++) {
    end = key.indexOf(KEY_SEPARATOR, end + 1);
    if (end < 0) return key;
  }
  return key.slice(0, Math.max(0, end));
}

/**
 * Deletes all but the best keys of each group of a `top` view (largest value, then first in the order of a run) and returns `counts`.
 * Other views are unchanged. A key among the best of a whole is among the best of the part that holds its largest value, so parts
 * may be trimmed before they are merged.
 */
export function trim(view: View, counts: Counts): Counts {
  if (!view.top || counts.size <= view.top.keep) return counts;
  const { groupBy, keep } = view.top;
  const groups = new Map<string, [string, number][]>();
  for (const entry of counts) {
    const group = groupOf(entry[0], groupBy);
    const members = groups.get(group);
    if (members) members.push(entry);
    else groups.set(group, [entry]);
  }
  for (const members of groups.values()) {
    if (members.length <= keep) continue;
    members.sort((a, b) => b[1] - a[1] || compareKeys(splitKey(view, a[0]), splitKey(view, b[0])));
    for (let i = keep; i < members.length; i++) counts.delete(members[i][0]);
  }
  return counts;
}

/** The dimension values of a key: numbers for `int` and `long` columns, text for all others. */
export function splitKey(view: View, key: string): DimensionValue[] {
  const parts = key.split(KEY_SEPARATOR);
  return parts.map((part, i) => {
    const { type } = columnOf(view.dimensions[i]);
    return type === 'int' || type === 'long' ? Number(part) : part;
  });
}

/** The rows of counts that fit memory, sorted. */
export function sortedRows(view: View, counts: ReadonlyMap<string, number>): Row[] {
  return [...counts]
    .map(([joined, value]) => ({ key: splitKey(view, joined), value }))
    .sort((a, b) => compareKeys(a.key, b.key));
}
