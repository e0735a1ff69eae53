import fc from 'fast-check';
import { batchesOf } from '../../../../lib/capacity/batches';

const MONTH = 730 * 3600;
const CONFIG = { partitions: 1, batchSize: 5_000 };

describe('batches of an event source', () => {
  test('end with the window, counted from the first record', () => {
    // One record a second, 4 s: the first after 1 s on average, then four more.
    const { interval, records, perMonth } = batchesOf(1, 4, 1_000, CONFIG);
    expect(interval).toBeCloseTo(5);
    expect(records).toBeCloseTo(5);
    expect(perMonth).toBeCloseTo(MONTH / 5);
  });

  test('end with the batch size where it is reached first', () => {
    expect(batchesOf(1_000, 60, 1_000, { partitions: 1, batchSize: 500 }).interval).toBeCloseTo(0.5);
  });

  test('end with 6 MB where they are reached first', () => {
    expect(batchesOf(1_000, 60, 2_000, CONFIG).interval).toBeCloseTo(3);
  });

  test('hold one record each where there is no window', () => {
    expect(batchesOf(2, 0, 1_000, CONFIG).perMonth).toBeCloseTo(2 * MONTH);
  });

  test('are one a partition that has a record', () => {
    const { perMonth, records } = batchesOf(100, 10, 1_000, { partitions: 4, batchSize: 5_000 });
    expect(perMonth / (MONTH / 10.01)).toBeCloseTo(4);
    expect(records).toBeCloseTo(1_001 / 4);
  });

  test('of further pollers hold fewer partitions and fill up later', () => {
    const config = { partitions: 12, batchSize: 5_000 };
    expect(batchesOf(1_000, 60, 1_200, config, 1).interval).toBeCloseTo(5);
    expect(batchesOf(1_000, 60, 1_200, config, 4).interval).toBeCloseTo(20);
  });

  test('never get fewer as the rate grows', () => {
    const rate = fc.double({ min: 0.01, max: 50_000, noNaN: true });
    const config = fc.record({
      partitions: fc.integer({ min: 1, max: 200 }),
      batchSize: fc.integer({ min: 1, max: 10_000 }),
    });
    fc.assert(
      fc.property(
        rate,
        fc.double({ min: 1, max: 10, noNaN: true }),
        fc.integer({ min: 0, max: 300 }),
        config,
        (r, k, w, c) => {
          const slow = batchesOf(r, w, 1_274, c).perMonth;
          expect(batchesOf(r * k, w, 1_274, c).perMonth).toBeGreaterThanOrEqual(slow * (1 - 1e-9));
        },
      ),
    );
  });
});
