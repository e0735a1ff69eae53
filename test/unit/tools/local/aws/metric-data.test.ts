import { type GetMetricDataRequest, metricReader, type MetricQuery } from '../../../../../lambda/query/cloudwatch';
import { CounterStore } from '../../../../../tools/local/aws/counters';
import { metricData } from '../../../../../tools/local/aws/metric-data';
import { MetricSeries } from '../../../../../tools/local/aws/metric-series';

const MINUTE = 60_000;
const noLag = { now: () => 0, lag: async () => undefined };
const emf = (at: number, values: Record<string, number>, unit = 'Count') =>
  JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        { Namespace: 'P', Dimensions: [['step']], Metrics: Object.keys(values).map((Name) => ({ Name, Unit: unit })) },
      ],
    },
    step: 'ingest',
    ...values,
  });
const query = (name: string, statistic: MetricQuery['statistic']): MetricQuery => ({
  id: name,
  namespace: 'P',
  name,
  dimensions: { step: 'ingest' },
  statistic,
});
const readerOver = (series: MetricSeries, sources = noLag) => {
  const answer = metricData(series, sources);
  return metricReader(async (body) => JSON.stringify(await answer(JSON.parse(body) as GetMetricDataRequest)));
};
const range = (from: number, to: number) => ({ from: from * MINUTE, to: to * MINUTE, periodSeconds: 60 });

test('what functions report is read back by minute: sums of counters, the maximum duration', async () => {
  const counters = new CounterStore();
  counters.take(emf(10 * MINUTE, { received: 2 }), 'x');
  counters.take(emf(10 * MINUTE + 59_999, { received: 3 }), 'x');
  counters.take(emf(11 * MINUTE, { received: 7 }), 'x');
  for (const ms of [40, 90, 10]) counters.take(emf(10 * MINUTE, { duration: ms }, 'Milliseconds'), 'x');
  const reader = readerOver(counters.byMinute);
  const points = await reader.read([query('received', 'Sum'), query('duration', 'Maximum')], range(9, 12));
  expect([...points.get('received')!].sort()).toEqual([
    [10 * MINUTE, 5],
    [11 * MINUTE, 7],
  ]);
  expect([...points.get('duration')!]).toEqual([[10 * MINUTE, 90]]);
});

test('a range includes its start and excludes its end; other dimensions are other metrics', async () => {
  const series = new MetricSeries();
  for (const at of [1, 2, 3]) series.add('P', 'received', { step: 'ingest' }, at, at * MINUTE);
  series.add('P', 'received', { step: 'archive' }, 100, 2 * MINUTE);
  series.add('P', 'received', { step: 'ingest', view: 'v' }, 100, 2 * MINUTE);
  const points = await readerOver(series).read([query('received', 'Sum')], range(2, 3));
  expect([...points.get('received')!]).toEqual([[2 * MINUTE, 2]]);
});

test('lag is measured on request, and left out while Kafka does not respond', async () => {
  const lag = jest.fn(async (name: string) => (name === 'archive-1' ? 12 : Promise.reject(new Error('no broker'))));
  const reader = readerOver(new MetricSeries(), { now: () => 5 * MINUTE + 1, lag } as never);
  const lagOf = (FunctionName: string): MetricQuery => ({
    id: FunctionName.replace('-', '_'),
    namespace: 'AWS/Lambda',
    name: 'OffsetLag',
    dimensions: { FunctionName },
    statistic: 'Maximum',
  });
  const points = await reader.read([lagOf('archive-1'), lagOf('gone-1'), query('received', 'Sum')], range(0, 10));
  expect([...points.get('archive_1')!]).toEqual([[5 * MINUTE, 12]]);
  expect(points.get('gone_1')?.size).toBe(0);
  expect(lag.mock.calls).toEqual([['archive-1'], ['gone-1']]);
});

test('only minutes are stored', async () => {
  const reader = readerOver(new MetricSeries());
  await expect(reader.read([query('received', 'Sum')], { ...range(0, 5), periodSeconds: 300 })).rejects.toThrow(
    'Period of received must be 60 in a local run, got 300',
  );
});

test('a long run retains the newest three hours', () => {
  const series = new MetricSeries();
  for (let minute = 0; minute < 200; minute++) series.add('P', 'x', {}, 1, minute * MINUTE);
  const retained = series.read('P', 'x', {}, 0, 1000 * MINUTE);
  expect([retained.length, retained[0][0], retained.at(-1)![0]]).toEqual([180, 20 * MINUTE, 199 * MINUTE]);
});
