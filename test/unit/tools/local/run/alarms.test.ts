import { setTimeout as sleep } from 'node:timers/promises';
import { type AlarmPlan } from '../../../../../tools/assembly/local-plan';
import { DataPoints } from '../../../../../tools/local/aws/data-points';
import { formatAlarms, watchAlarms } from '../../../../../tools/local/run/alarms';
import { shorterAlarm } from '../../../../support/shorter-alarms';

const METRIC = { namespace: 'N', name: 'totalDrift', dimensions: {} };
const ALARM: AlarmPlan = {
  ...{ path: 'stack/A', name: 'drift', arn: 'arn:drift', periodSeconds: 300, periods: 1, datapoints: 1, threshold: 0 },
  ...{ comparison: 'GreaterThanThreshold', missing: 'ignore', metrics: [{ id: 'm', statistic: 'Maximum', ...METRIC }] },
};

test('a run evaluates periodically, even if a measurement fails or hangs, and does not wait for measurements', async () => {
  const points = new DataPoints();
  points.add(METRIC, 4, Date.now());
  const failing = jest.fn(() => Promise.reject(new Error('Kafka is away')));
  let end = (): void => undefined;
  const hanging = jest.fn(() => new Promise<void>((resolve) => (end = resolve)));
  const alarms = watchAlarms({ alarms: [ALARM], compositeAlarms: [] }, points, [failing, hanging], { everyMs: 5 });
  expect(alarms.states()).toEqual({ drift: 'INSUFFICIENT_DATA' });
  while (alarms.states().drift !== 'ALARM') await sleep(5);
  while (failing.mock.calls.length < 2) await sleep(5);
  end();
  await alarms.stop();
  expect(alarms.transitions).toEqual([
    { alarm: 'drift', from: 'INSUFFICIENT_DATA', to: 'ALARM', at: expect.any(Number) },
  ]);
  expect(hanging).toHaveBeenCalledTimes(1);
});

test('the report is one line', () => {
  const states = { a: 'OK', b: 'ALARM', c: 'OK', d: 'ALARM', e: 'INSUFFICIENT_DATA' } as const;
  expect(formatAlarms(states)).toBe('2 OK, 1 without enough data, 2 ALARM: b, d');
  expect(formatAlarms({ a: 'OK' })).toBe('1 OK, 0 ALARM');
});

test('shorter alarms have divided periods; only thresholds of canary ages are divided as well', () => {
  expect(shorterAlarm(ALARM)).toEqual({ ...ALARM, periodSeconds: 5 });
  const canary = { ...ALARM, threshold: 180_000, metrics: [{ ...ALARM.metrics[0], name: 'canarySpeedAge' }] };
  expect(shorterAlarm(canary)).toEqual({ ...canary, periodSeconds: 5, threshold: 9_000 });
});
