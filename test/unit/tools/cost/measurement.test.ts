import { Curve } from '../../../../lib/capacity/curve';
import { fit, pooled, type RunMeasurement, sparkFit, type StepMeasurement } from '../../../../tools/cost/measurement';

/** The sums of reports, given as [received, milliseconds]. */
function stepOf(reports: readonly (readonly [number, number])[]): StepMeasurement {
  const sum = (value: (received: number, ms: number) => number) =>
    reports.reduce((total, [received, ms]) => total + value(received, ms), 0);
  return {
    ...{ reports: reports.length, received: sum((r) => r), written: sum((r) => r), bytes: 0, writeUnits: 0 },
    ...{
      milliseconds: sum((_, ms) => ms),
      receivedSquared: sum((r) => r * r),
      receivedMilliseconds: sum((r, ms) => r * ms),
    },
  };
}

const run = (written: number, jobs: number, seconds: number): RunMeasurement => ({
  ...{ command: 'run', date: '2026-11-24', machine: 'm', archiveObjects: 0 },
  steps: { compact: stepOf([[written, 1]]) },
  spark: { jobs, seconds, cores: 2 },
});

describe('fit', () => {
  test('finds base and slope of a line', () => {
    const of = fit(
      stepOf([
        [10, 70],
        [20, 90],
        [50, 150],
      ]),
    ); // 50 + 2 a record
    expect(of(0)).toBeCloseTo(50);
    expect(of(100)).toBeCloseTo(250);
  });

  test('takes the more expensive reading on either side where all batches had one size', () => {
    const of = fit(
      stepOf([
        [50, 40],
        [50, 60],
      ]),
    );
    expect(of(1)).toBeCloseTo(50);
    expect(of(50)).toBeCloseTo(50);
    expect(of(100)).toBeCloseTo(100);
  });

  test('never has a negative base', () => {
    const of = fit(
      stepOf([
        [10, 1],
        [20, 40],
        [30, 90],
      ]),
    );
    expect(of(0)).toBe(0);
    expect(of(10)).toBeGreaterThan(0);
  });

  test('never falls with the records', () => {
    const of = fit(
      stepOf([
        [10, 90],
        [20, 50],
        [30, 10],
      ]),
    );
    expect(of(30)).toBeGreaterThanOrEqual(of(10));
  });
});

test('runs are pooled by sums, and an error names a step that none has', () => {
  expect(pooled([run(10, 1, 1), run(30, 1, 1)], 'compact')).toMatchObject({ reports: 2, written: 40 });
  expect(() => pooled([run(10, 1, 1)], 'seal')).toThrow("step 'seal' is in none of the 1 measured runs");
});

test('a Spark job is its start and core-seconds a row, from two runs', () => {
  // 8 s to start, 1 ms a row on two cores.
  const { start, coreSecondsPerRow } = sparkFit(run(1_000, 1, 9), run(20_000, 2, 36));
  expect(start).toBeCloseTo(8);
  expect(coreSecondsPerRow).toBeCloseTo(0.002);
});

describe('Curve', () => {
  const curve = new Curve([
    [10, 1],
    [20, 3],
    [40, 2],
  ]);

  test.each([
    [0, 1],
    [10, 1],
    [15, 2],
    [20, 3],
    [30, 3],
    [1_000, 3],
  ])('at %d posts is %d: straight between marks, never falling, flat beyond', (x, y) => {
    expect(curve.at(x)).toBeCloseTo(y);
  });

  test('grows in proportion beyond its marks, where it is asked to', () => {
    expect(curve.grown(30)).toBeCloseTo(3);
    expect(curve.grown(80)).toBeCloseTo(6);
  });
});
