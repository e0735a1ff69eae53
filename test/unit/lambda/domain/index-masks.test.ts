import fc from 'fast-check';
import { IndexMasks } from '../../../../lambda/domain/index-masks';

/** Few enough that they come again, and some that differ only above 32 bits. */
const indexes = fc.oneof(
  fc.nat(20),
  fc.maxSafeNat(),
  fc.nat(5).map((high) => high * 2 ** 32 + 7),
);

test('masks by index are those of a map', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(indexes, fc.integer({ min: 1, max: 7 })), { maxLength: 300 }),
      indexes,
      (all, other) => {
        const masks = new IndexMasks();
        const map = new Map<number, number>();
        for (const [index, mask] of all) {
          masks.add(index, mask);
          map.set(index, (map.get(index) ?? 0) | mask);
        }
        for (const index of [...map.keys(), other]) expect(masks.get(index)).toBe(map.get(index) ?? 0);
        expect(masks.size).toBe(map.size);
      },
    ),
  );
});

test('a hundred thousand indexes that follow one another, or lie far apart, are found', () => {
  for (const step of [1, 2 ** 12, 2 ** 32]) {
    const masks = new IndexMasks();
    for (let i = 0; i < 100_000; i++) masks.add(i * step, 1 + (i % 7));
    const wrong = Array.from({ length: 100_000 }, (_, i) => i).filter((i) => masks.get(i * step) !== 1 + (i % 7));
    expect([masks.size, wrong.length, masks.get(100_000 * step)]).toEqual([100_000, 0, 0]);
  }
});
