import fc from 'fast-check';
import { cover, describeRanges, missing } from '../../../../lambda/domain/ranges';

const range = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 12 }))
  .map(([from, size]) => ({ from, to: from + size }));

const offsetsOf = ({ from, to }: { from: number; to: number }) =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

describe('cover', () => {
  it('gives each offset of the range to exactly one of the ranges that hold it, or calls it missing', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), range, (ranges, wanted) => {
        const { parts, missing: gaps } = cover(ranges, wanted.from, wanted.to);
        const covered = parts.flatMap(offsetsOf);
        const absent = gaps.flatMap(offsetsOf);
        expect([...covered, ...absent].sort((a, b) => a - b)).toEqual(offsetsOf(wanted));
        for (const part of parts) {
          expect(part.from).toBeLessThan(part.to);
          expect(part.from).toBeGreaterThanOrEqual(part.item.from);
          expect(part.to).toBeLessThanOrEqual(part.item.to);
        }
        const held = new Set(ranges.flatMap(offsetsOf));
        expect(absent).toEqual(offsetsOf(wanted).filter((offset) => !held.has(offset)));
      }),
    );
  });

  it('does not depend on the order of the ranges', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), range, (ranges, wanted) => {
        expect(missing([...ranges].reverse(), wanted.from, wanted.to)).toEqual(missing(ranges, wanted.from, wanted.to));
      }),
    );
  });

  it('reads as few of overlapping ranges as a walk needs', () => {
    const ranges = [
      { from: 0, to: 10 },
      { from: 2, to: 5 },
      { from: 8, to: 12 },
    ];
    expect(cover(ranges, 0, 12).parts.map(({ from, to }) => [from, to])).toEqual([
      [0, 10],
      [10, 12],
    ]);
  });
});

describe('describeRanges', () => {
  it('counts as people do and stays short', () => {
    const one = { from: 12, to: 13 };
    expect(describeRanges([{ from: 3, to: 8 }, one])).toBe('3-7, 12');
    expect(describeRanges(Array.from({ length: 8 }, () => one))).toBe('12, 12, 12, 12, 12 and 3 more ranges');
  });
});
