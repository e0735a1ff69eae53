/** The algebra of offset ranges. A range is half-open: `from` is in it, `to` is not. */

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A part of what is looked for, and the item that holds it. */
export interface Covered<T> extends Range {
  readonly item: T;
}

const byStart = (a: Range, b: Range) => a.from - b.from || b.to - a.to;

/**
 * Covers `[from, to)` with the given ranges, each offset by exactly one of them, and says what none of them holds. Both
 * answers are sorted, and together they are `[from, to)`. Ranges may overlap, repeat each other and come in any order.
 */
export function cover<T extends Range>(
  ranges: readonly T[],
  from: number,
  to: number,
): { readonly parts: readonly Covered<T>[]; readonly missing: readonly Range[] } {
  const parts: Covered<T>[] = [];
  const missing: Range[] = [];
  let at = from;
  for (const item of [...ranges].sort(byStart)) {
    if (at >= to) break;
    const end = Math.min(item.to, to);
    if (end <= at) continue;
    if (item.from > at) {
      const gap = Math.min(item.from, to);
      missing.push({ from: at, to: gap });
      at = gap;
    }
    if (end > at) {
      parts.push({ item, from: at, to: end });
      at = end;
    }
  }
  if (at < to) missing.push({ from: at, to });
  return { parts, missing };
}

/** The offsets of `[from, to)` that none of the ranges holds. */
export function missing(ranges: readonly Range[], from: number, to: number): readonly Range[] {
  return cover(ranges, from, to).missing;
}

const SHOWN = 5;

/** `3-7, 12`: both ends included, as people count. */
export function describeRanges(ranges: readonly Range[]): string {
  const shown = ranges.slice(0, SHOWN).map(({ from, to }) => (to - from === 1 ? `${from}` : `${from}-${to - 1}`));
  const rest = ranges.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more ranges` : '');
}
