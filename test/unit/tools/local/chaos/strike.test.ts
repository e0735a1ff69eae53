import { type Fault, type Target } from '../../../../../tools/local/chaos/fault';
import { strikeAll, type StrikeOptions } from '../../../../../tools/local/chaos/strike';
import { type QueryClient } from '../../../../../tools/local/run/query-client';
import { seeded } from '../../../../../tools/loadgen/random';

const MINUTE = 60_000;
const START = Date.parse('2026-11-22T21:00:00Z');

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

const iso = (ms: number) => new Date(ms).toISOString();

/** A pipeline whose answers have what is older than `behind`, and which publishes an interval a minute after its end. */
function pipeline(behind: () => number, lag: () => number): Pick<StrikeOptions, 'target' | 'query'> {
  const status = async () => {
    const published = Math.floor(Date.now() / MINUTE) * MINUTE - 2 * MINUTE;
    const boundary = { interval: iso(published), firstInterval: null, reconciledInterval: iso(published), drift: 0 };
    return { asOf: iso(Date.now() - behind()), boundary };
  };
  const cloud = { lag: async () => ({ archive: { 'posts-0': lag() } }) };
  return {
    query: { status } as unknown as QueryClient,
    target: { cloud, random: seeded(1) } as unknown as Target,
  };
}

const fault = (more: Partial<Fault>): Fault => ({
  ...{ name: 'f', what: 'does nothing', seconds: 10, strike: async () => async () => undefined },
  ...more,
});

async function strike(faults: readonly Fault[], more: Partial<StrikeOptions>) {
  const options = {
    intervalMinutes: 1,
    rate: 10,
    accepted: () => Date.now(),
    enough: () => true,
    say: () => undefined,
  };
  const striking = strikeAll(faults, {
    ...options,
    ...pipeline(
      () => 0,
      () => 0,
    ),
    ...more,
  });
  let over = false;
  void striking.finally(() => (over = true));
  while (!over) await jest.advanceTimersByTimeAsync(50);
  return striking;
}

test('a fault has recovered when answers have what was there at its end, and the consumers are not behind', async () => {
  let lag = 5_000;
  const ends = fault({ strike: async () => async () => void setTimeout(() => (lag = 100), 3_000) });
  const [found] = await strike(
    [ends],
    pipeline(
      () => 1_000,
      () => lag,
    ),
  );
  expect(found).toMatchObject({ fault: 'f', lasted: 10_000, lag: 5_000 });
  expect(found.recovered).toBeGreaterThanOrEqual(3_000);
  expect(found.recovered).toBeLessThan(4_000);
});

test('a fault of the batch layer has recovered when the interval of its end is published', async () => {
  const [found] = await strike([fault({ recovered: 'published' })], {});
  expect(START + found.lasted + found.recovered!).toBe(START + 2 * MINUTE);
});

test('what never recovers, or cannot strike, does not stop the faults after it', async () => {
  const broken = fault({ name: 'broken', strike: () => Promise.reject(new Error('not on this system')) });
  const found = await strike(
    [broken, fault({})],
    pipeline(
      () => 3_600_000,
      () => 0,
    ),
  );
  expect(found).toHaveLength(2);
  expect(found.find(({ fault }) => fault === 'broken')).toMatchObject({ failed: 'not on this system' });
  expect(found.find(({ fault }) => fault === 'f')!.recovered).toBeUndefined();
});

test('faults strike again until enough posts are sent, and each at least once', async () => {
  let looks = 0;
  const faults = ['a', 'b'].map((name) => fault({ name, seconds: 0 }));
  const found = await strike(faults, { enough: () => ++looks > 4 });
  expect(found.length).toBeGreaterThan(2);
  expect(new Set(found.map(({ fault }) => fault))).toEqual(new Set(['a', 'b']));
});

test('the longest time without an acknowledgement is measured', async () => {
  const accepted = () => (Date.now() < START + 2_000 || Date.now() > START + 9_000 ? Date.now() : 0);
  const [{ silence }] = await strike([fault({})], { accepted });
  expect(silence).toBeGreaterThanOrEqual(6_900);
  expect(silence).toBeLessThan(7_500);
});
