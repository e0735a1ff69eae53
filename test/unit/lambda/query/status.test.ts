import { liveMetrics } from '../../../../lambda/query/live';
import { statusQueries, statusRange, statusSteps } from '../../../../lambda/query/status';
import { type MetricReader, MetricsUnavailableError } from '../../../../lambda/query/cloudwatch';
import { metricsOf, PIPELINE_STEPS } from '../../../../lambda/runtime/metrics';

const NOW = Date.parse('2026-11-22T21:07:40.123Z');
const MINUTE = 60_000;
const NO_LAG = { namespace: 'Copy', lagFunctions: {} };

describe('the request to CloudWatch', () => {
  const queries = statusQueries({
    namespace: 'Copy',
    lagFunctions: { archive: 'archive-1', aggregate: 'aggregate-1' },
  });

  test('covers the last half hour by minutes, including the current one', () => {
    const range = statusRange(NOW);
    expect(range).toEqual({
      from: NOW - (NOW % MINUTE) - 29 * MINUTE,
      to: NOW - (NOW % MINUTE) + MINUTE,
      periodSeconds: 60,
    });
    const onTheMinute = statusRange(range.to);
    expect(onTheMinute.to).toBe(range.to + MINUTE);
  });

  test('names what the steps report, under ids that CloudWatch accepts, each once', () => {
    const ids = queries.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9_]*$/);
    for (const { namespace, dimensions, name } of queries.filter((each) => each.namespace !== 'AWS/Lambda')) {
      expect(namespace).toBe('Copy');
      const step = PIPELINE_STEPS.find((each) => each === dimensions.step)!;
      expect(metricsOf(step).map((metric) => metric.name)).toContain(name);
    }
  });

  test('adds counters up, uses the largest duration, and the lag of the two functions that read the topic', () => {
    const statistic = (id: string) => queries.find((each) => each.id === id)?.statistic;
    expect([statistic('ingest_received'), statistic('aggregate_freshness')]).toEqual(['Sum', 'Maximum']);
    expect(queries.filter(({ name }) => name === 'OffsetLag')).toEqual([
      expect.objectContaining({
        id: 'archive_lag',
        namespace: 'AWS/Lambda',
        dimensions: { FunctionName: 'archive-1' },
      }),
      expect.objectContaining({
        id: 'aggregate_lag',
        statistic: 'Maximum',
        dimensions: { FunctionName: 'aggregate-1' },
      }),
    ]);
  });
});

test('a series has one value per period, null where nothing was reported', () => {
  const queries = statusQueries(NO_LAG).filter(({ id }) => id === 'seal_written' || id === 'ingest_received');
  const range = { from: 0, to: 3 * MINUTE, periodSeconds: 60 };
  const points = new Map([['ingest_received', new Map([[MINUTE, 7]])]]);
  expect(statusSteps(queries, points, range)).toEqual([
    { step: 'ingest', metrics: [{ name: 'received', unit: 'Count', statistic: 'Sum', values: [null, 7, null] }] },
    { step: 'seal', metrics: [{ name: 'written', unit: 'Count', statistic: 'Sum', values: [null, null, null] }] },
  ]);
});

describe('metrics are', () => {
  const counting = (read: MetricReader['read']) => {
    const reader = { read: jest.fn(read) };
    return reader;
  };
  let now = NOW;
  beforeEach(() => (now = NOW));

  test('read once for all readers within a quarter of a minute', async () => {
    const reader = counting(async () => new Map());
    const metrics = liveMetrics(reader, NO_LAG, () => now);
    await Promise.all([metrics(), metrics()]);
    now += 14_999;
    await metrics();
    expect(reader.read).toHaveBeenCalledTimes(1);
    now += 1;
    const { window } = await metrics();
    expect(reader.read).toHaveBeenCalledTimes(2);
    expect(window).toEqual({ from: '2026-11-22T20:38:00.000Z', to: '2026-11-22T21:08:00.000Z', periodSeconds: 60 });
  });

  test('null while CloudWatch does not respond', async () => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const metrics = liveMetrics(
      counting(() => Promise.reject(new MetricsUnavailableError('CloudWatch answered 500'))),
      NO_LAG,
      () => now,
    );
    expect((await metrics()).steps).toBeNull();
    expect(write.mock.calls.map(([line]) => JSON.parse(String(line)))).toMatchObject([
      { level: 'error', message: 'metrics could not be read' },
    ]);
    write.mockRestore();
  });

  test('read again after an internal fault, which is an error', async () => {
    const reader = counting(() => Promise.reject(new TypeError('fault')));
    const metrics = liveMetrics(reader, NO_LAG, () => now);
    await expect(metrics()).rejects.toThrow('fault');
    await expect(metrics()).rejects.toThrow('fault');
    expect(reader.read).toHaveBeenCalledTimes(2);
  });
});
