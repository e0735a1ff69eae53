import { startSchedule } from '../../../../../tools/local/aws/schedule';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const plan = { path: 'App/Rule', functionName: 'canary', everyMs: 60_000 };

test('calls the function after each period, first after one period', () => {
  const called: string[] = [];
  startSchedule(plan, async (name) => void called.push(name));
  jest.advanceTimersByTime(59_999);
  expect(called).toEqual([]);
  jest.advanceTimersByTime(120_001);
  expect(called).toEqual(['canary', 'canary', 'canary']);
});

test('stops after the call that is in flight', async () => {
  const done: string[] = [];
  let finish = () => undefined as void;
  const schedule = startSchedule(plan, async (name) => {
    await new Promise<void>((resolve) => (finish = resolve));
    done.push(name);
  });
  jest.advanceTimersByTime(60_000);
  const stopping = schedule.stop().then(() => done.push('stopped'));
  jest.advanceTimersByTime(600_000);
  finish();
  await stopping;
  expect(done).toEqual(['canary', 'stopped']);
});
