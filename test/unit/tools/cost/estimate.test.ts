import fc from 'fast-check';
import { AUTO_ROWS } from '../../../../lambda/compact/core';
import { type Scene } from '../../../../tools/cost/components';
import * as components from '../../../../tools/cost/components';
import { estimate } from '../../../../tools/cost/estimate';
import { MEASURED as REAL, type Measured, ROWS } from '../../../../tools/cost/measured';
import { speedWrites } from '../../../../tools/cost/speed';
import { Curve } from '../../../../lib/capacity/curve';
import { airflowHour, brokerHour, PRICES } from '../../../../tools/cost/prices';
import { type Units } from '../../../../tools/cost/measurement';
import { workloadOf } from '../../../../tools/cost/workload';
import { loadConfig } from '../../../../lib/config';

/** Round numbers, so that a bill can be computed by hand. */
const MEASURED: Measured = {
  ...{ postBytes: 1_000, eventBytes: 1_500, rawBytes: 300, parquetBytes: 100 },
  ...{ ingest: () => 100, archive: () => 200, aggregate: () => 300, compact: () => 1_000 },
  ...{ publish: () => 500, reconcile: () => 500 },
  speed: {
    logBytes: new Curve([
      [0, 0],
      [1_000, 40_000],
    ]),
    logUnits: new Curve([
      [0, 1],
      [1_000, 41],
    ]),
    runUnits: new Curve([[1, 40]]),
    postBytes: 10.24,
  },
  spark: { start: 10, coreSecondsPerRow: 0.001 },
};
const CONFIG = loadConfig({
  ...{ stage: 'prod', postsPerSecond: 1, partitions: 1, aggregateWindowSeconds: 9 },
  ...{ brokerVolumeGb: 10_000, retentionDays: 7 },
});

function scene(rate: number, batch: number, overrides: Record<string, unknown> = {}): Scene {
  const config = loadConfig({ ...CONFIG, ...overrides });
  const workload = workloadOf(config, { rate, batch }, MEASURED);
  return { config, workload, measured: MEASURED, pollerUnits: 1, brokerMetrics: true };
}

const sum = (units: Units) => Object.values(units).reduce((all, each) => all + each, 0);

/** One post a second: 2.628 million a month. */
const POSTS = 730 * 3_600;

/** An interval of 360 batches of 10 posts: a run each 128 deltas, and the one of all. */
const FOLDS = { first: 360 / 128 - 0.5 };
const RUNS = 1 + FOLDS.first;
const UNITS = { log: 360 * 1.4, runs: RUNS * 40, posts: 36 + (1 + FOLDS.first) * 0.85, head: RUNS };

test('the store beside the speed writes: batch rows twice, what reconciliation reads, expiry, and space', () => {
  // 730 intervals of one partition: 40 KB of runs in each layer; what expires lives for 168 hours, posts for as long again.
  const { usage } = components.otherStore(scene(1, 1));
  const kb = 730 * 40;
  const expiring = UNITS.log + UNITS.runs + UNITS.posts;
  expect(usage).toBeCloseTo(
    (2 * kb * 0.625 + (kb + 2 * kb) * 0.25 * 0.125 + 730 * expiring * 0.275) / 1e6 +
      (((expiring * 168 + UNITS.posts * 168 + kb) * 0.25 + kb * 0.2) * 1_024) / 1e9,
    9,
  );
});

describe('components, computed by hand', () => {
  test('brokers and their volumes', () => {
    expect(components.kafka(scene(1, 1)).fixed).toBeCloseTo(3 * 0.204 * 730 + 3 * 10_000 * 0.1, 6);
    expect(components.kafka(scene(1, 1)).usage).toBe(0);
  });

  test('volumes that are too small are priced as large as the posts need', () => {
    // 1,000 posts a second × 1 KB × 7 days × 3 copies on 3 brokers = 604.8 GB each.
    const { usage } = components.kafka(scene(1_000, 100, { brokerVolumeGb: 100 }));
    expect(usage).toBeCloseTo(3 * 504.8 * 0.1, 6);
  });

  test('a request is metered per started 512 KB', () => {
    expect(components.api(scene(1, 1)).usage).toBeCloseTo(2.628, 6);
    expect(components.api(scene(1, 524)).usage).toBeCloseTo(2.628 / 524, 9);
    expect(components.api(scene(1, 525)).usage).toBeCloseTo((2 * 2.628) / 525, 9);
  });

  test('requests above 300 million a month are cheaper', () => {
    expect(components.api(scene(1_000, 1)).usage).toBeCloseTo(300 + 0.9 * 2_328, 3);
  });

  test('a function pays requests and GB-seconds, stretched where it has less than a vCPU', () => {
    const seconds = 0.1 * (1769 / 1024);
    const byHand = POSTS * (seconds * 1 * 0.0000133334 + 0.2e-6);
    expect(components.ingest(scene(1, 1)).usage).toBeCloseTo(byHand, 6);
    expect(components.invocations('compact', 1, 1_000, 'x86_64')).toBeCloseTo(
      (3538 / 1024) * 0.0000166667 + 0.2e-6,
      12,
    );
  });

  test('the speed layer pays for batches, and for what is folded', () => {
    // A batch each 10 s: the first record after 1 s, then 9 s of window.
    const { usage } = components.speedStore(scene(1, 1));
    expect(usage).toBeCloseTo(730 * sum(UNITS) * 0.625e-6, 9);
  });

  test('each object of the raw log is put once and read once', () => {
    // prod gathers for 60 s: a batch each 61 s.
    const { fixed, usage } = components.s3Requests(scene(1, 1));
    expect(usage).toBeCloseTo((POSTS / 61) * 5.4e-6, 6);
    expect(fixed).toBeCloseTo(730 * 44 * 5e-6, 6);
  });

  test('an interval costs a Spark job of two workers, a minute at least', () => {
    const workerHour = (4 * 0.052624 + 15.4 * 0.0057785) * 0.8;
    const quiet = components.spark(scene(1, 1, { viewsEngine: 'spark' }));
    expect(quiet.fixed).toBeCloseTo((730 * 2 * workerHour * 60) / 3600, 6);
    // 1,000 a second are 3.6 M rows an interval: 40 s + 3,600 core-seconds on 4 cores.
    const busy = components.spark(scene(1_000, 100, { viewsEngine: 'spark' }));
    expect(busy.fixed + busy.usage).toBeCloseTo((730 * 2 * workerHour * 940) / 3600, 6);
  });

  test('by size, an interval costs a Spark job where DuckDB does not count it, and else time of compact', () => {
    const posts = AUTO_ROWS / 3_600;
    const of = (rate: number, viewsEngine: string) => {
      const at = scene(rate, 100, { viewsEngine });
      const parts = [components.spark(at), components.batchFunctions(at)];
      return parts.map(({ fixed, usage }) => fixed + usage);
    };
    expect(of(posts, 'auto')).toEqual(of(posts, 'duckdb'));
    expect(of(posts, 'duckdb')[0]).toBe(0);
    const [above, spark] = [of(1.01 * posts, 'auto'), of(1.01 * posts, 'spark')];
    above.forEach((usd, i) => expect(usd).toBeCloseTo(spark[i], 9));
    expect(of(posts, 'duckdb')[1]).toBeGreaterThan(of(posts, 'spark')[1]);
  });

  test('the network pays gateways, addresses, endpoints in each zone, and what goes through them', () => {
    const { fixed, usage } = components.network(scene(1, 1));
    expect(fixed).toBeCloseTo(2 * 730 * 0.05 + 5 * 0.045 + 9 * 730 * 0.01, 6);
    expect(usage).toBeCloseTo(((730 * sum(UNITS) * 1024) / 1e9) * 0.01, 9);
  });

  test('traffic crosses zones once in and twice out, but for the share of its own zone', () => {
    expect(components.crossZone(scene(1, 1)).usage).toBeCloseTo(((POSTS * 1_000 * 3) / 1e9) * (2 / 3) * 0.02, 9);
  });

  test('CloudWatch bills metrics, metrics of alarms, and dashboards', () => {
    const plain = scene(1, 1, { stage: 'prod', canaryMinutes: 0, dashboards: 'overview', brokers: 3 });
    expect(components.alarms(plain).fixed).toBeCloseTo(38 * 0.1 + 2 * 0.5, 9);
    expect(components.cloudwatchDashboards(plain).fixed).toBe(3);
    const watched = scene(1, 1, { stage: 'prod', canaryMinutes: 5, dashboards: 'all', brokers: 3 });
    expect(components.alarms(watched).fixed).toBeCloseTo(42 * 0.1 + 2 * 0.5, 9);
    expect(components.cloudwatchDashboards(watched).fixed).toBe(30);
    // The canary's own six.
    expect(components.metrics(watched).fixed - components.metrics(plain).fixed).toBeCloseTo(6 * 0.3, 9);
  });

  test('a run of MWAA Serverless pays each of its tasks a minute at least, and the one that waits for Spark as long', () => {
    const plain = scene(1, 1, { partitions: 3 });
    const by = (orchestrator: 'mwaa-serverless' | 'none') =>
      components.airflow({ ...plain, config: { ...plain.config, orchestrator } });
    // 3,600 posts of an interval, a core-millisecond each, on four cores; 30 s until workers work, 10 s until Spark does.
    // Seal, commit, publish and reconcile once, compact twice for each of three partitions.
    const seconds = (4 + 2 * 3) * 60 + Math.max(60, 30 + 10 + 3_600 / 1_000 / 4);
    const { fixed, usage } = by('mwaa-serverless');
    expect(fixed + usage).toBeCloseTo(((730 * seconds) / 3_600) * 0.104, 6);
    expect(by('none').fixed).toBe(0);
  });

  test('a canary pays three functions, and nothing where there is none', () => {
    const gbSeconds = 8_760 * 0.5 * ((2 * 1_769) / 1_024 + 1_769 / 1_024);
    const { fixed } = components.canary(scene(1, 1, { canaryMinutes: 5, architecture: 'arm64' }));
    expect(fixed).toBeCloseTo(gbSeconds * 0.0000133334 + 3 * 8_760 * 0.2e-6, 6);
    expect(components.canary(scene(1, 1, { canaryMinutes: 0 })).fixed).toBe(0);
  });

  test('a customer-managed key is a dollar', () => {
    expect(components.key(scene(1, 1, { kms: 'customer' })).fixed).toBe(1);
    expect(components.key(scene(1, 1, { kms: 'aws' })).fixed).toBe(0);
  });

  test('Grafana pays an editor where there is a workspace', () => {
    expect(components.grafana(scene(1, 1, { grafana: 'managed' })).fixed).toBe(9);
    expect(components.grafana(scene(1, 1, { grafana: 'none' })).fixed).toBe(0);
  });

  test('Prometheus pays a scraper and each sample, collected and ingested', () => {
    const managed = components.prometheus(scene(1, 1, { prometheus: 'managed' }));
    expect(managed.fixed).toBeCloseTo(730 * 0.04 + 3 * 1_500 * 730 * 60 * 0.105e-6, 9);
    expect(components.prometheus(scene(1, 1, { prometheus: 'none' })).fixed).toBe(0);
  });

  test('one trace a second is stored and a twentieth of the others', () => {
    const few = components.traces(scene(1, 1)).usage;
    const calls = scene(1, 1).workload;
    expect(few).toBeCloseTo((POSTS + calls.archive.perMonth + calls.aggregate.perMonth) * 5e-6, 6);
    const many = components.traces(scene(101, 1)).basis;
    // 1 + 100 × 0.05 of the requests, and less than one a second of each event source.
    expect(Number(many.split(' ')[0])).toBeGreaterThan(15.7);
    expect(components.traces(scene(1, 1, { tracing: false })).usage).toBe(0);
  });
});

describe('the writes of the speed layer', () => {
  test.each(ROWS.intervals.map((interval) => [interval.batch, interval] as const))(
    'are those that were measured, with batches of %d posts, within a tenth',
    (batch, { batches, units }) => {
      const posts = batch * batches;
      const computed = (sum(speedWrites(REAL.speed, posts, batches)) / posts) * 1_000;
      expect(Math.abs(computed / sum(units) - 1)).toBeLessThan(0.1);
    },
  );

  test('are less with longer windows', () => {
    const of = (batches: number) => sum(speedWrites(REAL.speed, 36_000, batches));
    expect(of(60)).toBeLessThan(of(720));
  });
});

describe('prices', () => {
  test.each([
    ['kafka.t3.small', 0.0456],
    ['kafka.m5.large', 0.21],
    ['kafka.m7g.xlarge', 0.408],
    ['kafka.m7g.4xlarge', 1.632],
  ])('a %s costs %d an hour', (instance, usd) => {
    expect(brokerHour(instance)).toBeCloseTo(usd, 9);
  });

  test('an unknown size is rejected with its name', () => {
    expect(() => brokerHour('express.m7g.large')).toThrow(
      "brokerInstance must be kafka.t3.small, kafka.m5.* or kafka.m7g.*, got 'express.m7g.large'",
    );
    expect(() => airflowHour('mw1.tiny')).toThrow("got 'mw1.tiny'");
  });

  test('each has a date, a region and a source', () => {
    for (const { usd, date, region, source, per } of Object.values(PRICES)) {
      expect(usd).toBeGreaterThan(0);
      expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect([region, source, per].every((text) => text.length > 0)).toBe(true);
    }
  });
});

describe('an estimate', () => {
  const of = (rate: number, batch = 100, stage = 'prod') => estimate(loadConfig({ stage }), { rate, batch });

  test.each([1, 10, 100])('of stage lean at %s posts a second is the lowest', (rate) => {
    const [lean, ...others] = ['lean', 'dev', 'prod'].map((stage) =>
      of(rate, 100, stage).components.reduce((sum, { monthly }) => sum + monthly, 0),
    );
    expect(lean).toBeLessThan(Math.min(...others));
  });

  test('is the sum of its components, fixed and per million posts', () => {
    const { components: parts, monthly, fixed, usage, perMillionPosts, posts } = of(100);
    const sum = (pick: (part: (typeof parts)[number]) => number) =>
      parts.reduce((total, part) => total + pick(part), 0);
    expect(sum((part) => part.monthly)).toBeCloseTo(monthly, 6);
    expect(sum((part) => part.perMillionPosts)).toBeCloseTo(perMillionPosts, 6);
    expect(fixed + usage).toBeCloseTo(monthly, 6);
    expect(posts).toBe(100 * POSTS);
    expect(perMillionPosts).toBeCloseTo(monthly / 262.8, 6);
  });

  test('has no negative part, and its fixed part does not depend on the rate', () => {
    for (const { fixed, usage } of of(0.01).components) {
      expect(fixed).toBeGreaterThanOrEqual(0);
      expect(usage).toBeGreaterThanOrEqual(-1e-9);
    }
    expect(of(5_000).fixed).toBeCloseTo(of(1).fixed, 6);
  });

  test('never falls with the rate, component by component where one engine computes the views', () => {
    const rate = fc.double({ min: 0.01, max: 20_000, noNaN: true });
    const factor = fc.double({ min: 1, max: 20, noNaN: true });
    fc.assert(
      fc.property(
        rate,
        factor,
        fc.integer({ min: 1, max: 1_000 }),
        fc.constantFrom({ stage: 'dev' }, { stage: 'prod', viewsEngine: 'spark' }),
        (r, k, b, overrides) => {
          const [slow, fast] = [r, r * k].map((rate) => estimate(loadConfig(overrides), { rate, batch: b }).components);
          expect(of(r * k, b).monthly).toBeGreaterThanOrEqual(of(r, b).monthly * (1 - 1e-9));
          slow.forEach((part, i) => expect(fast[i].monthly).toBeGreaterThanOrEqual(part.monthly * (1 - 1e-9)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is cheaper with more posts in a request', () => {
    expect(of(1_000, 100).monthly).toBeLessThan(of(1_000, 1).monthly);
  });

  test('puts the largest lever first, and none that saves nothing', () => {
    const saves = of(1_000).levers.map((lever) => lever.saves);
    expect(saves).toEqual([...saves].sort((a, b) => b - a));
    expect(Math.min(...saves)).toBeGreaterThanOrEqual(0.5);
  });

  test('a lever of the config saves what the changed config is cheaper', () => {
    const lever = of(100).levers.find(({ name }) => name.startsWith('partitions=6'))!;
    const { brokerVolumeGb } = loadConfig({ stage: 'prod' });
    const changed = estimate(loadConfig({ stage: 'prod', partitions: 6, brokerVolumeGb }), { rate: 100, batch: 100 });
    expect(lever.saves).toBeCloseTo(of(100).monthly - changed.monthly, 6);
  });

  test('warns of a rate that the API rejects and that the brokers cannot hold', () => {
    expect(of(10).warnings).toEqual([]);
    expect(of(1_000, 1, 'dev').warnings.join('\n')).toMatch(
      /1000 requests a second exceed requestRate \(100\)[^]*GB a broker within retentionDays \(7\) exceed brokerVolumeGb \(20\)/,
    );
    expect(of(1_000, 10_000).warnings[0]).toMatch(/a request of \d+ bytes exceeds the 4500000 that ingest accepts/);
  });

  test('rejects a rate or batch that is not above 0', () => {
    expect(() => of(0)).toThrow('rate must be above 0, got 0');
    expect(() => of(1, 0)).toThrow('batch must be at least 1, got 0');
  });
});
