import { loadConfig } from '../../../../lib/config';
import { estimate } from '../../../../tools/cost/estimate';
import { compare, PARTS } from '../../../../tools/prove/bill';
import { markdownOf, type Report } from '../../../../tools/prove/report';
import { HOURS_PER_MONTH } from '../../../../lib/capacity/batches';

const MODEL = estimate(loadConfig({ stage: 'lean' }), { rate: 100, batch: 50 });

test('each component of the model is in one part', () => {
  expect(PARTS.flatMap(({ components }) => components).sort()).toEqual(MODEL.components.map(({ name }) => name).sort());
});

test('the model computes what the hours and the posts of a proof cost', () => {
  const computed = (hours: number, posts: number) =>
    compare(MODEL, { hours, posts }).reduce((sum, part) => sum + part.computed!, 0);
  expect(computed(HOURS_PER_MONTH, MODEL.posts)).toBeCloseTo(MODEL.monthly);
  expect(computed(HOURS_PER_MONTH / 2, 0)).toBeCloseTo(MODEL.fixed / 2);
  expect(computed(0, MODEL.posts / 4)).toBeCloseTo(MODEL.usage / 4);
  expect(compare(MODEL, { hours: 1, posts: 1 }).map(({ billed }) => billed)).toEqual(PARTS.map(() => undefined));
});

const BILL = [
  ['Amazon Managed Streaming for Apache Kafka', 'USE1-Kafka.t3.small', 0.1824],
  ['Amazon Managed Streaming for Apache Kafka', 'USE1-Kafka.Storage.GP2', 0.01],
  ['AWS Lambda', 'Lambda-GB-Second-ARM', 0.02],
  ['AmazonCloudWatch', 'USE1-DataProcessing-Bytes', 0.03],
  ['AmazonCloudWatch', 'CW:AlarmMonitorUsage', 0.04],
  ['EC2 - Other', 'USE1-DataTransfer-Regional-Bytes', 0.05],
  ['Amazon Virtual Private Cloud', 'USE1-VpcEndpoint-Hours', 0.06],
  ['Amazon Route 53', 'HostedZone', 0.5],
] as const;

const billed = compare(
  MODEL,
  { hours: 2, posts: 1_000 },
  BILL.map(([service, usageType, usd]) => ({ service, usageType, usd })),
);

test('each line of a bill is in one part, and what the model leaves out is listed', () => {
  const paid = billed.filter((part) => part.billed! > 0);
  expect(paid.map((part) => [part.name, part.billed])).toEqual([
    ['MSK', expect.closeTo(0.1924)],
    ['Traffic between zones', 0.05],
    ['Lambda', 0.02],
    ['NAT and endpoints', 0.06],
    ['Logs', 0.03],
    ['Alarms', 0.04],
    ['Amazon Route 53', 0.5],
  ]);
  expect(paid[0].usageTypes).toEqual(['USE1-Kafka.Storage.GP2', 'USE1-Kafka.t3.small']);
  expect(billed.at(-1)).toMatchObject({ name: 'Amazon Route 53', computed: undefined });
});

describe('a report', () => {
  const REPORT: Report = {
    ...{ stage: 'lean', settings: ['removal=destroy'], region: 'eu-west-1', commit: 'abc1234', rate: 100, hours: 1 },
    ...{ started: '2026-11-29T10:00:00.000Z', ended: '2026-11-29T12:00:00.000Z', deployedHours: 2 },
    checks: [
      { name: 'every stack is created', problem: '' },
      { name: 'nothing is left', problem: '1 resources are left' },
    ],
    timings: { deploy: 1_800 },
    alarms: [],
    left: ['arn:aws:sqs:eu-west-1:1:q'],
    costs: billed,
  };

  test('names what did not hold and what is left', () => {
    const text = markdownOf(REPORT);
    expect(text).toContain('1 checks held, 1 did not.');
    expect(text).toContain('| nothing is left | **did not hold**: 1 resources are left |');
    expect(text).toContain('after its deletion: `arn:aws:sqs:eu-west-1:1:q`.');
  });

  test('without load and without notifications says so', () => {
    const text = markdownOf(REPORT);
    expect(text).toContain('No posts were sent.');
    expect(text).toContain('test notification arrived: none.');
  });

  test('adds up what was billed', () => {
    const sum = BILL.reduce((total, [, , usd]) => total + usd, 0);
    expect(markdownOf(REPORT)).toMatch(new RegExp(`\\| Sum \\| [\\d.]+ \\| ${sum.toFixed(2)} \\|`));
  });
});
