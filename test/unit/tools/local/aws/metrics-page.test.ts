import { CounterStore } from '../../../../../tools/local/aws/counters';
import { metricsPage, serveMetrics } from '../../../../../tools/local/aws/metrics-page';

const emf = (values: object, dimensions: readonly string[], metrics: readonly string[], Unit = 'Count') =>
  JSON.stringify({
    _aws: { CloudWatchMetrics: [{ Dimensions: [dimensions], Metrics: metrics.map((Name) => ({ Name, Unit })) }] },
    ...values,
  });

function storeOf(...lines: readonly string[]): CounterStore {
  const store = new CounterStore();
  for (const line of lines) store.take(line, 'function');
  return store;
}

const samples = (page: string) => page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('the page that Prometheus reads', () => {
  test('sums counters per step', () => {
    const received = (step: string, value: number) => emf({ step, received: value }, ['step'], ['received']);
    const store = storeOf(received('archive', 3), received('aggregate', 5), received('archive', 4));
    const page = metricsPage(store.series(), []);
    expect(samples(page)).toEqual([
      'pipeline_received_total{step="archive"} 7',
      'pipeline_received_total{step="aggregate"} 5',
    ]);
    expect(page).toContain('# TYPE pipeline_received_total counter\n');
  });

  test('shows the newest value of a gauge, by view', () => {
    const drift = (view: string, value: number) =>
      emf({ step: 'reconcile', view, drift: value }, ['step', 'view'], ['drift']);
    const store = storeOf(drift('a', 9), drift('b', 1), drift('a', 0));
    expect(samples(metricsPage(store.series(), []))).toEqual([
      'pipeline_drift{step="reconcile",view="a"} 0',
      'pipeline_drift{step="reconcile",view="b"} 1',
    ]);
  });

  test('shows durations in seconds, as sum and count', () => {
    const store = storeOf(emf({ step: 'query', duration: [250, 750] }, ['step'], ['duration'], 'Milliseconds'));
    expect(samples(metricsPage(store.series(), []))).toEqual([
      'pipeline_duration_seconds_sum{step="query"} 1',
      'pipeline_duration_seconds_count{step="query"} 2',
    ]);
  });

  test('leaves out unknown metrics, and quotes label values', () => {
    const store = storeOf(
      emf({ step: 'x', other: 1 }, ['step'], ['other']),
      emf({ step: 'a"b\\c\nd', received: 1 }, ['step'], ['received']),
    );
    expect(samples(metricsPage(store.series(), []))).toEqual(['pipeline_received_total{step="a\\"b\\\\c\\nd"} 1']);
  });

  test("has the lag of a group under MSK's name", () => {
    const page = metricsPage([], [{ groupId: 'archive', topic: 'posts', sum: 12 }]);
    expect(samples(page)).toEqual([
      'kafka_consumer_group_ConsumerLagMetrics_Value{name="SumOffsetLag",groupId="archive",topic="posts"} 12',
    ]);
  });

  test('is served without the lag while Kafka does not respond', async () => {
    const store = storeOf(emf({ step: 'archive', received: 3 }, ['step'], ['received']));
    const server = await serveMetrics({
      series: () => store.series(),
      lags: () => Promise.reject(new Error('no broker')),
    });
    try {
      const response = await fetch(`${server.url}/metrics`);
      expect(response.headers.get('content-type')).toContain('version=0.0.4');
      expect(samples(await response.text())).toEqual(['pipeline_received_total{step="archive"} 3']);
      expect((await fetch(`${server.url}/other`)).status).toBe(404);
    } finally {
      await server.stop();
    }
  });
});
