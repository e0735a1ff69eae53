/** What views read of posts, and the order of the values in their keys. */
import { SECTIONS, type Section, type Sections } from './columns';

export type DimensionValue = string | number;

/** A set of sections as bits, in the order of {@link SECTIONS}. */
export type SectionMask = number;

export const ALL_SECTIONS: SectionMask = (1 << SECTIONS.length) - 1;

export function maskOf(sections: Iterable<Section>): SectionMask {
  let mask = 0;
  for (const section of sections) mask |= 1 << SECTIONS.indexOf(section);
  return mask;
}

/** The sections that a post has, as bits. */
export function maskOfPresent(sections: Sections): SectionMask {
  let mask = 0;
  for (let i = 0; i < SECTIONS.length; i++) {
    if (sections[SECTIONS[i]] !== undefined) mask |= 1 << i;
  }
  return mask;
}

/** Order by code point, which is that of UTF-8 bytes and so Spark's; JavaScript's own puts U+FFFF after U+10000. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return (x >= 0xd800 ? liftSurrogate(x) : x) - (y >= 0xd800 ? liftSurrogate(y) : y);
  }
  return a.length - b.length;
}

const liftSurrogate = (unit: number) => (unit <= 0xdfff ? unit + 0x2000 : unit - 0x800);
