import { type Fault } from '../../../../../tools/local/chaos/fault';
import { chaosPage, errorsOfFaults, formatStruck } from '../../../../../tools/local/chaos/report';
import { type Struck } from '../../../../../tools/local/chaos/strike';
import { Counted } from '../../../../../tools/local/run/counted';
import { newTally } from '../../../../../tools/loadgen/send';

const fault = (name: string): Fault => ({ name, what: `what ${name} does`, seconds: 0, strike: jest.fn() });
const faults = [fault('broker-killed'), fault('store-frozen')];
const struck: readonly Struck[] = [
  { fault: 'broker-killed', at: 0, lasted: 5_000, recovered: 1_200, lag: 10, silence: 5_100 },
  { fault: 'store-frozen', at: 0, lasted: 12_000, recovered: undefined, lag: 900, silence: 30 },
  { fault: 'broker-killed', at: 0, lasted: 4_000, recovered: 9_000, lag: 700, silence: 100 },
];

const counted = (...indexes: number[]) => {
  const layer = new Counted();
  for (const index of indexes) layer.add(index, 1);
  return layer;
};

test('of several strikes of a fault the worst is shown', () => {
  expect(formatStruck(faults, struck).split('\n')).toEqual([
    expect.stringMatching(/fault +strikes +lasted +without a 202 +lag, records +recovered after/),
    expect.stringMatching(/broker-killed +2 +5\.0 s +5\.1 s +700 +9\.0 s/),
    expect.stringMatching(/store-frozen +1 +12\.0 s +0\.0 s +900 +never/),
  ]);
});

test('a fault that did not recover, or did not strike, is an error', () => {
  const failed = { ...struck[0], recovered: undefined, failed: 'waited 240 s for a Spark job' };
  expect(errorsOfFaults([...struck, failed])).toEqual([
    'store-frozen did not recover',
    'broker-killed did not strike: waited 240 s for a Spark job',
  ]);
});

test('the page says how many posts each layer lost, counted twice or has alone, and which faults struck', () => {
  const speed = counted(1, 2, 3, 3);
  const page = chaosPage({
    ...{ command: 'npm start -- --chaos all', faults, struck, tally: newTally(), drift: 0, minutes: 3, cores: 2 },
    posts: { acknowledged: new Map([1, 2].map((index) => [index, 1])), layers: { batch: counted(1, 3), speed } },
    alarms: ['aggregate-stuck'],
    errors: ['1 acknowledged posts are not in the batch layer: 2 (pin)'],
  });
  for (const line of [
    '- 1 acknowledged posts are not in the batch layer: 2 (pin)',
    '| acknowledged, and lost by the batch / speed layer | 1 / 0 |',
    '| counted twice by the batch / speed layer | 0 / 1 |',
    '| in the batch / speed layer alone | 0 / 1 |',
    '| counted without an acknowledgement, by both layers | 1 |',
    '| broker-killed | what broker-killed does |',
    'These rang: aggregate-stuck.',
  ]) {
    expect(page).toContain(line);
  }
});
