import { LIMITS } from '../../../../lib/capacity/limits';
import { loadConfig } from '../../../../lib/config';
import { capacityLine } from '../../../../tools/capacity/at-synth';
import { designFor, expressBrokers } from '../../../../tools/capacity/design';
import { parseCapacityOptions } from '../../../../tools/capacity/options';
import { asText, capacityReport } from '../../../../tools/capacity/report';
import { MEASURED } from '../../../../tools/cost/measured';

const prod = () => loadConfig({ stage: 'prod' });

describe('options', () => {
  test('take a stage, a rate that is not the one it is built for, and keys', () => {
    const options = parseCapacityOptions(['--stage', 'prod', '--rate', '5000', '-c', 'partitions=24', '--json']);
    expect(options).toMatchObject({ rate: 5_000, batch: 100, json: true, config: { stage: 'prod', partitions: 24 } });
    expect(parseCapacityOptions([])).toMatchObject({ rate: undefined, json: false, config: { stage: 'dev' } });
  });

  test.each([
    [['--rate', '0'], "--rate must be an integer from 1 to 1000000, got '0'"],
    [['--rate', 'many'], "--rate must be an integer from 1 to 1000000, got 'many'"],
    [['--batch', '0'], "--batch must be an integer from 1 to 10000, got '0'"],
    [['-c', 'postsPerSecond=0'], "postsPerSecond must be an integer from 1 to 1000000, got '0'"],
    [['--stage', 'prod', '-c', 'brokerVolumeGb=10'], "is more than 'Kafka: an outage in the volume' carries"],
  ])('%j is rejected in one line', (argv, message) => {
    expect(() => parseCapacityOptions(argv)).toThrow(message);
  });
});

describe('a report', () => {
  test('has a source for each limit and no limit without one', () => {
    for (const { limit, source, component } of capacityReport(prod()).components) {
      expect([component, limit === null]).toEqual([component, source === null]);
    }
  });

  test('names AWS pages by their address', () => {
    for (const { page } of Object.values(LIMITS)) {
      expect(page).toMatch(/^https:\/\/(docs\.aws\.amazon\.com|botocore\.amazonaws\.com|repost\.aws)\/\S+$/);
    }
  });

  test('says at ten times the rate what is over its limit, and what carries it', () => {
    const { components, first } = capacityReport(prod(), 10_000);
    const over = components.filter(({ change }) => change !== null).map((row) => [row.component, row.change]);
    expect(over).toContainEqual(['Kafka: an outage in the volume', 'brokerVolumeGb=2060']);
    expect(over).toContainEqual(['Spark: vCPU of the account', 'ask AWS to raise the quota']);
    expect(first).toEqual({
      component: 'aggregate: posts that it remembers',
      rate: 1_777,
      change: 'postsPerSecond=3200',
    });
  });

  test('is text with unknown where nobody knows', () => {
    const text = asText(capacityReport(prod()));
    expect(text).toContain('Stage prod, built for 1,000 posts a second, at 1,000 posts a second of 850 bytes');
    expect(text).toMatch(/Kafka: writes to a volume +850,000 +unknown +bytes\/s +unknown/);
    expect(text).toContain('Unknown: Kafka: writes to a volume\n');
  });
});

test('each synth prints in one line what binds first', () => {
  expect(capacityLine(prod())).toBe(
    'capacity: built for 1,000 posts a second of 850 bytes; first to bind: aggregate: posts that it remembers, at 1,777 posts ' +
      'a second; for twice as many: postsPerSecond=3200. More: npm run capacity -- --stage prod',
  );
});

test('the default size of a post is the measured one', () => {
  expect(Math.round(MEASURED.postBytes)).toBe(prod().postBytes);
});

describe('the design by rate', () => {
  test('is a stage as it is up to the rates that stages are built for', () => {
    expect([10, 100, 1_000].map((rate) => designFor(rate).config.stage)).toEqual(['dev', 'lean', 'prod']);
  });

  test('grows with the rate', () => {
    const designs = [1_000, 10_000, 100_000].map(designFor);
    const grows = (values: readonly number[]) => expect(values).toEqual([...values].sort((a, b) => a - b));
    grows(designs.map(({ config }) => config.partitions));
    grows(designs.map(({ config }) => config.brokers * config.brokerVolumeGb));
    expect(designs[2].config.brokers).toBeGreaterThan(designs[0].config.brokers);
  });

  test('has the smallest Express brokers of which three carry the posts', () => {
    const config = { ...prod(), postBytes: 1_000 };
    // 46.8 MB a second in, and twice that out, are the most of three large ones.
    expect(expressBrokers(config, 46_800)).toBe('3 × express.m7g.large');
    expect(expressBrokers(config, 46_900)).toBe('3 × express.m7g.xlarge');
    expect(expressBrokers(config, 1_600_000)).toBe('6 × express.m7g.16xlarge');
    expect(expressBrokers({ ...config, partitions: 1_001 }, 1)).toBe('3 × express.m7g.2xlarge');
  });
});
