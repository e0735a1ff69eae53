import { groupLags, type Lags, sharedLag } from '../../../../../tools/local/aws/lag';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('a shared measurement', () => {
  let time = 0;
  const measure = jest.fn<Promise<Lags>, []>();
  beforeEach(() => {
    time = 1_000;
    measure.mockReset();
    measure.mockImplementation(async () => ({ Archive: { 'posts-0': measure.mock.calls.length } }));
  });

  test('is repeated for callers to whom the last one is too old', async () => {
    const lag = sharedLag(measure, () => time);
    expect(await lag(2_000)).toEqual({ Archive: { 'posts-0': 1 } });
    time = 2_999;
    expect(await lag(2_000)).toEqual({ Archive: { 'posts-0': 1 } });
    expect(await lag(1_000)).toEqual({ Archive: { 'posts-0': 2 } });
    time = 4_999;
    expect(await lag(2_000)).toEqual({ Archive: { 'posts-0': 3 } });
  });

  test('is never cached for callers with a maximum age of 0', async () => {
    const lag = sharedLag(measure, () => time);
    await lag(0);
    await lag(0);
    expect(measure).toHaveBeenCalledTimes(2);
  });

  test('is shared by concurrent callers', async () => {
    const lag = sharedLag(measure, () => time);
    const [one, two] = await Promise.all([lag(2_000), lag(2_000)]);
    expect(two).toBe(one);
    expect(measure).toHaveBeenCalledTimes(1);
  });

  test('that failed rejects for all who waited, and is repeated for the next caller', async () => {
    measure.mockRejectedValueOnce(new Error('no broker'));
    const lag = sharedLag(measure, () => time);
    const outcomes = await Promise.allSettled([lag(2_000), lag(2_000)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await nextTurn();
    expect(await lag(2_000)).toEqual({ Archive: { 'posts-0': 2 } });
  });
});

test('lag is reported by consumer group and topic: the sum, and the maximum of a partition', () => {
  const plan = {
    functions: [
      { name: 'f', arn: 'arn:f', logicalId: 'Archive' },
      { name: 'h', arn: 'arn:h', logicalId: 'Stopped' },
    ],
    eventSources: [
      { functionName: 'f', clusterArn: 'arn:c', consumerGroup: 'g', topics: ['posts', 'posts-2'] },
      { functionName: 'h', clusterArn: 'arn:c', consumerGroup: 'i', topics: ['posts'] },
    ],
  } as unknown as Parameters<typeof groupLags>[0];
  expect(groupLags(plan, { Archive: { 'posts-0': 3, 'posts-1': 4, 'posts-2-0': 5 } })).toEqual([
    { clusterArn: 'arn:c', groupId: 'g', topic: 'posts', sum: 7, max: 4 },
    { clusterArn: 'arn:c', groupId: 'g', topic: 'posts-2', sum: 5, max: 5 },
  ]);
});
