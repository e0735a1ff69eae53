import fc from 'fast-check';
import {
  bindsAt,
  changeText,
  firstToBind,
  overloaded,
  sceneOf,
  sized,
  SIZED_KEYS,
  smallestChange,
  used,
} from '../../../../lib/capacity/capacity';
import { AUTO_ROWS } from '../../../../lambda/compact/core';
import { FIGURES } from '../../../../lib/capacity/figures';
import {
  aggregateMb,
  compactDiskMb,
  DUCKDB_VIEWS_SECONDS,
  hoursToCover,
  type Scene,
} from '../../../../lib/capacity/loads';
import { COMPONENTS } from '../../../../lib/capacity/model';
import { hoursRetained, replicasPerBroker, topicBytes } from '../../../../lib/capacity/topic';
import { ConfigError, loadConfig, type PipelineConfig } from '../../../../lib/config';

const STAGES = ['dev', 'lean', 'prod'] as const;
const named = (name: string) => {
  const found = COMPONENTS.find((component) => component.name === name);
  if (!found) throw new Error(`no component '${name}'`);
  return found;
};
const at = (name: string, scene: Scene) => used(named(name), scene);
const shareOf = (name: string, scene: Scene) => at(name, scene).share;

/** Round numbers, so that a component can be computed by hand. */
const PROD: PipelineConfig = {
  ...loadConfig({ stage: 'prod', viewsEngine: 'spark' }),
  ...{ postBytes: 1_000, brokerVolumeGb: 1_000 },
};
const value = (number: number) => ({ value: number, unit: '', source: 'docs/x.md' });
const HAND: Scene = {
  ...{ config: PROD, rate: 1_200, batch: 100 },
  figures: {
    ...FIGURES,
    ...{ postBytes: value(1_000), eventBytes: value(1_500), rawBytes: value(250) },
    ...{ ingestRecords: value(50), ingestMs: value(50), aggregateRate: value(1_769), archiveRate: value(3_538) },
    ...{
      compactMs: value(1_000),
      compactMsPerRecord: value(0.1),
      sparkStart: value(10),
      sparkCoreSeconds: value(0.001),
    },
    rememberedBytes: value(50),
    logUnits: {
      points: [
        [1, 1],
        [1_000, 40],
      ],
      source: 'docs/x.md',
    },
  },
};

describe('components by value, of prod at 1,200 posts of 1,000 bytes a second', () => {
  test.each([
    // 12 requests a second.
    ['API: throttle of the main route', 12, 1_000],
    ['ingest: size of a request', 100_000, 6_000_000],
    // 12 × 100 ms on 1,024 of 1,769 MB.
    ['ingest: environments at once', (1.2 * 1_769) / 1_024, 100],
    ['Kafka: replicas on a broker', 12, 1_000],
    ['Kafka: an outage in retention by time', 50, 96],
    // 1.8 MB a second by 5 MB.
    ['Event sources: pollers at the start', 0.36, 1],
    ['aggregate: a partition', 100, 1_024],
    ['archive: a partition', 100, 2_048],
    ['compact: files of an interval in /tmp', 90, 10_240],
    // 360,000 records.
    ['compact: time for an interval', 37, 350],
    // As long, the start of Spark, and 4,320 core-seconds on 60 cores; half an hour.
    ['Batch layer: catching up twice as fast as time passes', 37 + 10 + 72, 1_800],
    ['Spark: capacity', 2.4 + 4, 64],
    ['Spark: vCPU of the account', 2.4 + 4, 16],
    // An hour and the one before it; 70 % of 1,024 MB.
    ['aggregate: posts that it remembers', 432, 716.8],
    ['Speed rows: time to live', 50, 168],
    ['Lambda: environments of the account', 136, 1_000],
  ])('%s: %d of %d', (name, load, limit) => {
    const found = at(name, HAND);
    expect(found.load).toBeCloseTo(load, 6);
    expect(found.limit?.value).toBeCloseTo(limit, 6);
    expect(found.share).toBeCloseTo(load / limit, 6);
  });

  test('DuckDB counts an interval up to its rows, and Spark a larger one', () => {
    const of = (rate: number, viewsEngine: PipelineConfig['viewsEngine']) => {
      const scene = { ...HAND, rate, config: { ...PROD, viewsEngine } };
      return ['Spark: capacity', 'Batch layer: catching up twice as fast as time passes'].map(
        (name) => at(name, scene).load,
      );
    };
    const rate = AUTO_ROWS / 3_600;
    const compact = 1 + AUTO_ROWS / 12 / 10_000;
    expect(of(rate, 'auto')).toEqual([0, expect.closeTo(compact + AUTO_ROWS * DUCKDB_VIEWS_SECONDS, 6)]);
    expect(of(2 * rate, 'auto')).toEqual(of(2 * rate, 'spark'));
  });

  test('the volume holds 70 % less a segment of each replica', () => {
    // 12 replicas of 1,000 GiB: 58.3 GiB each, of which 1 GiB is the segment.
    const gib = 0.7 * 1_000 - 12;
    const hours = (gib * 1024 ** 3) / (1_200 * 1_000 * 3_600);
    expect(at('Kafka: an outage in the volume', HAND).limit?.value).toBeCloseTo(hours, 3);
  });

  test('a volume has a documented throughput in large sizes only', () => {
    const of = (brokerInstance: string) =>
      at('Kafka: writes to a volume', { ...HAND, config: { ...PROD, brokerInstance } });
    expect(of('kafka.m7g.large')).toMatchObject({ limit: undefined, share: undefined, load: 1_200_000 });
    expect(of('kafka.m7g.2xlarge').limit).toEqual({
      ...{ kind: 'documented', value: 250 * 1024 * 1024 },
      page: 'https://docs.aws.amazon.com/msk/latest/developerguide/msk-provision-throughput-management.html',
    });
  });

  test('who runs the batch layer decides how long compact may take', () => {
    const of = (orchestrator: PipelineConfig['orchestrator']) =>
      at('compact: time for an interval', { ...HAND, config: { ...PROD, orchestrator } }).limit?.value;
    expect([of('mwaa'), of('mwaa-serverless'), of('none')]).toEqual([350, 60, 840]);
  });

  test('a batch of a partition is a row of speed_log', () => {
    const { rate, config } = HAND;
    // 6 MB are 4,000 posts of the 12 partitions: full before its window of 5 s ends.
    const batches = (12 * rate) / 4_000;
    const units = 1 + (39 * (rate / batches - 1)) / 999;
    expect(at('Keyspaces: writes to speed_log, the table with most', HAND).load).toBeCloseTo(batches * units, 6);
    const found = at('Keyspaces: a partition of speed_log', HAND);
    expect(found.load).toBeCloseTo((batches * units) / config.partitions, 6);
    expect(found.limit?.value).toBe(1_000);
  });

  test('aggregate has the memory that the posts of its rate need', () => {
    const of = (postsPerSecond: number) => aggregateMb({ ...loadConfig({ stage: 'prod' }), postsPerSecond });
    const needed = (10_000 * 3_600 * 2 * FIGURES.rememberedBytes.value) / 1e6 / 0.7;
    expect([of(1_000), of(1_000_000)]).toEqual([1_024, 10_240]);
    expect(of(10_000)).toBe(Math.ceil(needed / 256) * 256);
  });
});

describe('each stage', () => {
  test.each(STAGES)('%s carries the rate that it is built for', (stage) => {
    const scene = sceneOf(loadConfig({ stage }));
    const over = COMPONENTS.filter((component) => (used(component, scene).share ?? 0) > 1);
    expect(over.map(({ name }) => name)).toEqual([]);
  });

  test.each([
    ['dev', 'Kafka: an outage in the volume', 93],
    ['lean', 'Kafka: an outage in the volume', 186],
    ['prod', 'aggregate: posts that it remembers', 1_659],
  ])('%s is full first at: %s, %d posts a second', (stage, name, rate) => {
    const first = firstToBind(sceneOf(loadConfig({ stage })));
    expect([first?.component.name, first?.rate]).toEqual([name, rate]);
  });

  test.each([
    ['dev', ['Kafka: an outage in the volume', 'Kafka: retentionDays in the volume']],
    ['lean', ['Kafka: an outage in the volume', 'Kafka: retentionDays in the volume', 'compact: time for an interval']],
    ['prod', ['Kafka: an outage in the volume', 'Kafka: retentionDays in the volume']],
  ])('%s, at ten times its rate, is over these limits', (stage, names) => {
    const config = loadConfig({ stage });
    const scene = sceneOf(config, 10 * config.postsPerSecond);
    const over = COMPONENTS.filter((component) => (used(component, scene).share ?? 0) > 1).map(({ name }) => name);
    expect(over).toEqual(expect.arrayContaining(names));
  });

  test.each(STAGES)('%s, built for ten times its rate, carries it', (stage) => {
    const rate = 10 * loadConfig({ stage }).postsPerSecond;
    expect(loadConfig({ stage, postsPerSecond: rate }).postsPerSecond).toBe(rate);
  });
});

describe('sizing', () => {
  test('raises what the rate needs and nothing else', () => {
    const before = loadConfig({ stage: 'prod' });
    const after = loadConfig({ stage: 'prod', postsPerSecond: 10_000 });
    const changed = Object.keys(after).filter((key) => after[key as 'stage'] !== before[key as 'stage']);
    expect(changed).toEqual(['postsPerSecond', 'brokerVolumeGb', 'partitions', 'pollers']);
    expect(after).toMatchObject({ brokerVolumeGb: 3_930, partitions: 14, pollers: 3 });
  });

  test('leaves what the user set', () => {
    const set = { stage: 'prod', postsPerSecond: 3_000, brokerVolumeGb: 2_000, pollers: 3 };
    expect(loadConfig(set)).toMatchObject(set);
  });

  test('never lowers a key', () => {
    const numbers = fc.record({
      stage: fc.constantFrom(...STAGES),
      postsPerSecond: fc.integer({ min: 1, max: 30_000 }),
    });
    fc.assert(
      fc.property(numbers, ({ stage, postsPerSecond }) => {
        const before = { ...loadConfig({ stage }), postsPerSecond };
        const after = sized(before, new Set());
        for (const key of SIZED_KEYS) expect(after[key] as number).toBeGreaterThanOrEqual(before[key] as number);
      }),
      { numRuns: 50 },
    );
  });

  test('raises the time to live and the retention of a longer outage', () => {
    expect(loadConfig({ stage: 'dev', outageHours: 200 })).toMatchObject({ retentionDays: 9, speedTtlHours: 202 });
  });

  test('is done by nothing in the local run', () => {
    expect(loadConfig({ stage: 'local', postsPerSecond: 100_000 })).toMatchObject({
      partitions: 3,
      brokerVolumeGb: 20,
    });
  });

  test('gives compact the space of four times its raw objects, from 4 to 10 GB', () => {
    const of = (postsPerSecond: number) => compactDiskMb({ ...loadConfig({ stage: 'prod' }), postsPerSecond });
    // 93.7 MB of an interval and partition at 1,000 a second.
    expect([of(1_000), of(20_000), of(100_000)]).toEqual([4_096, 8_192, 10_240]);
  });
});

describe('a rate that a combination cannot carry is rejected in one line with component, limit and smallest change', () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      'a volume for a shorter outage',
      { stage: 'prod', brokerVolumeGb: 200 },
      "'Kafka: an outage in the volume' carries: 50 of 46.1 hours (brokerVolumeGb); the smallest change that carries it: brokerVolumeGb=220",
    ],
    [
      'retention under an outage',
      { stage: 'dev', retentionDays: 2 },
      "'Kafka: an outage in retention by time' carries: 49.5 of 48 hours (retentionDays); the smallest change that carries it: retentionDays=3",
    ],
    [
      'speed rows under an outage',
      { stage: 'dev', speedTtlHours: 48 },
      "'Speed rows: time to live' carries: 49.5 of 48 hours (speedTtlHours); the smallest change that carries it: speedTtlHours=50",
    ],
    [
      'a throttle under the rate',
      { stage: 'prod', postsPerSecond: 10_000, requestRate: 90 },
      "'API: throttle of the main route' carries: 100 of 90 requests/s (requestRate); the smallest change that carries it: requestRate=100 requestBurst=2000",
    ],
    [
      'Spark that is too small',
      { stage: 'prod', postsPerSecond: 8_000, sparkMaxVcpu: 8 },
      "'Batch layer: catching up twice as fast as time passes' carries: 4,974 of 1,800 s for an interval (intervalMinutes); the smallest change that carries it: sparkMaxVcpu=17",
    ],
    [
      'partitions that are too few for compact',
      { stage: 'lean', postsPerSecond: 1_000, partitions: 3 },
      'https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html); the smallest change that carries it: partitions=6',
    ],
    [
      'more posts than aggregate can remember',
      { stage: 'prod', postsPerSecond: 30_000 },
      "'aggregate: posts that it remembers' carries: 12,960 of 7,168 MB (lib/capacity/functions.ts); the smallest change that carries it: speedHorizonIntervals=0",
    ],
  ])('%s', (_, overrides, expected) => {
    expect(() => loadConfig(overrides)).toThrow(ConfigError);
    expect(() => loadConfig(overrides)).toThrow(expected);
    expect(() => loadConfig(overrides)).not.toThrow('\n');
  });
});

/** Configurations that are what a stage is, with some keys as a user might have set them. */
const SCENES = fc
  .record({
    stage: fc.constantFrom(...STAGES),
    rate: fc.double({ min: 0.1, max: 200_000, noNaN: true }),
    partitions: fc.integer({ min: 1, max: 200 }),
    brokerVolumeGb: fc.integer({ min: 10, max: 16_000 }),
    windowSeconds: fc.integer({ min: 0, max: 300 }),
    speedHorizonIntervals: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ stage, rate, windowSeconds, ...keys }) =>
    sceneOf({ ...loadConfig({ stage }), ...keys, aggregateWindowSeconds: windowSeconds, pollers: 1 }, rate),
  );

describe('properties', () => {
  test('no share falls as the rate grows', () => {
    fc.assert(
      fc.property(SCENES, fc.double({ min: 1, max: 20, noNaN: true }), (scene, factor) => {
        for (const { name } of COMPONENTS) {
          const slow = shareOf(name, scene) ?? 0;
          expect(shareOf(name, { ...scene, rate: scene.rate * factor }) ?? 0).toBeGreaterThanOrEqual(slow * (1 - 1e-9));
        }
      }),
    );
  });

  test('the smallest change carries the load, and a config with it is no longer over that limit', () => {
    let changes = 0;
    fc.assert(
      fc.property(SCENES, (scene) => {
        for (const component of COMPONENTS.filter((each) => (used(each, scene).share ?? 0) > 1)) {
          const change = smallestChange(component, scene);
          if (!change) continue;
          changes += 1;
          const config = { ...scene.config, ...change };
          expect([changeText(change), used(component, { ...scene, config }).share! <= 1]).toEqual([
            changeText(change),
            true,
          ]);
        }
      }),
    );
    expect(changes).toBeGreaterThan(50);
  });

  test('a smaller change of one key does not carry the load', () => {
    const steps = { brokerVolumeGb: 10, partitions: 1, sparkMaxVcpu: 1, speedTtlHours: 1, retentionDays: 1 } as const;
    fc.assert(
      fc.property(SCENES, (scene) => {
        for (const component of COMPONENTS.filter((each) => (used(each, scene).share ?? 0) > 1)) {
          const change = smallestChange(component, scene) ?? {};
          const keys = Object.keys(change);
          const key = keys[0] as keyof typeof steps;
          if (keys.length !== 1 || !(key in steps)) continue;
          const config = { ...scene.config, [key]: (change[key] as number) - steps[key] };
          expect([changeText(change), used(component, { ...scene, config }).share! > 1]).toEqual([
            changeText(change),
            true,
          ]);
        }
      }),
    );
  });

  test('a component is full where bindsAt says, and not before', () => {
    fc.assert(
      fc.property(SCENES, (scene) => {
        for (const component of COMPONENTS) {
          const rate = bindsAt(component, scene);
          if (rate === undefined || rate < 10) continue;
          expect(used(component, { ...scene, rate: rate * 0.999 }).share).toBeLessThanOrEqual(1);
          expect(used(component, { ...scene, rate: (rate + 1) * 1.001 }).share).toBeGreaterThan(1);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('the topic never fills more than 70 % of a volume, if a partition has two segments', () => {
    const config = fc.record({
      brokers: fc.integer({ min: 2, max: 30 }),
      brokerVolumeGb: fc.integer({ min: 20, max: 16_384 }),
      partitions: fc.integer({ min: 1, max: 100 }),
      replicationFactor: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(config, (each) => {
        const { retention, segment } = topicBytes(each);
        fc.pre(retention > segment);
        expect(replicasPerBroker(each) * (retention + segment)).toBeLessThanOrEqual(
          0.7 * each.brokerVolumeGb * 1024 ** 3,
        );
        expect(segment).toBeLessThanOrEqual(1024 ** 3);
        expect(segment).toBeGreaterThanOrEqual(8 * 1024 * 1024);
      }),
    );
  });

  test('a configuration that is accepted covers its outage in time, in bytes and in speed rows', () => {
    const overrides = fc.record({
      stage: fc.constantFrom(...STAGES),
      postsPerSecond: fc.integer({ min: 1, max: 3_000 }),
      outageHours: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(overrides, (each) => {
        const config = loadConfig(each);
        const hours = hoursToCover(config);
        expect(overloaded(config)).toBeUndefined();
        expect(config.speedTtlHours).toBeGreaterThanOrEqual(hours);
        expect(config.retentionDays * 24).toBeGreaterThanOrEqual(hours);
        expect(hoursRetained(config, config.postsPerSecond)).toBeGreaterThanOrEqual(hours);
      }),
      { numRuns: 50 },
    );
  });
});
