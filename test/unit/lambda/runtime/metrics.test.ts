import * as fc from 'fast-check';
import {
  account,
  dimensionsOf,
  METRIC_LIST,
  METRICS,
  metricNamespace,
  metricsOf,
  PIPELINE_STEPS,
  prometheusName,
  prometheusScale,
  report,
  reportThrottled,
  reportView,
  STEPS,
  type MetricName,
} from '../../../../lambda/runtime/metrics';
import { setup } from '../ingest/harness';

function linesOf(work: () => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    work();
  } finally {
    write.mockRestore();
  }
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const ENVIRONMENT = { METRIC_NAMESPACE: metricNamespace({ project: 'pinterest', stage: 'dev' }), METRICS: 'all' };
beforeEach(() => void Object.assign(process.env, ENVIRONMENT));
afterAll(() => Object.keys(ENVIRONMENT).forEach((name) => void delete process.env[name]));

const PARTS = METRIC_LIST.filter(({ accounts }) => accounts).map(({ name }) => name);

describe('the list', () => {
  it('gives every step the four counts, its duration and its cold starts', () => {
    for (const step of PIPELINE_STEPS) {
      const names = metricsOf(step).map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(['received', 'written', 'quarantined', 'dropped', 'duration', 'coldStarts']),
      );
    }
  });

  it('names each metric once in Prometheus, following its conventions', () => {
    const names = METRIC_LIST.map(({ name }) => prometheusName(name));
    expect(new Set(names).size).toBe(names.length);
    for (const { name, kind, unit } of METRIC_LIST) {
      expect(prometheusName(name)).toMatch(/^pipeline_[a-z]+(_[a-z]+)*$/);
      expect([name, prometheusName(name).endsWith('_total')]).toEqual([name, kind === 'counter']);
      expect([name, prometheusName(name).includes('_seconds')]).toEqual([name, unit === 'Milliseconds']);
    }
    expect(['received', 'duration', 'boundaryAge', 'drift'].map((name) => prometheusName(name as MetricName))).toEqual([
      'pipeline_received_total',
      'pipeline_duration_seconds',
      'pipeline_boundary_age_seconds',
      'pipeline_drift',
    ]);
    expect([prometheusScale('duration'), prometheusScale('bytes')]).toEqual([0.001, 1]);
  });

  it('contains only known steps, and views only for metrics per view', () => {
    for (const { name, steps, perView } of METRIC_LIST) {
      expect(STEPS).toEqual(expect.arrayContaining([...steps]));
      expect(dimensionsOf(name)).toEqual(perView ? ['step', 'view'] : ['step']);
    }
  });
});

describe('the dropped count', () => {
  const counts = fc.record(Object.fromEntries(PARTS.map((name) => [name, fc.nat(1000)])));

  it('is 0 if everything is accounted for, else the number of unaccounted records', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: -50, max: 50 }), (parts, lost) => {
        const received = Object.values(parts).reduce((sum, part) => sum + part, lost);
        expect(account({ ...parts, received })).toEqual({ ...parts, received, dropped: lost });
      }),
    );
  });

  it('is absent without a received count', () => {
    expect(account({ boundaryAge: 5 })).toEqual({ boundaryAge: 5 });
  });

  it('includes a record for which Kafka returns no result', async () => {
    const { call, reports } = setup(() => false, { forget: '5' });
    const body = JSON.stringify([4, 5].map((index) => ({ pin: { index, category: 'art' } })));
    const event = { rawPath: '/posts', body, requestContext: { http: { method: 'POST' } } };
    expect(await call(event)).toMatchObject({ status: 503, body: { accepted: 1, notTaken: 1 } });
    expect(reports.map((values) => account(values))).toMatchObject([{ received: 2, written: 1, dropped: 1 }]);
  });
});

describe('a report', () => {
  it('is one line in embedded metric format, the first of a process with its cold start', () => {
    const [first, second] = linesOf(() => {
      report('aggregate', { received: 3, written: 2, repeated: 1, duration: 4 });
      report('aggregate', { received: 1, written: 1 });
    });
    expect(first).toEqual({
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'PinterestPipeline/pinterest-dev',
            Dimensions: [['step']],
            Metrics: expect.arrayContaining([
              { Name: 'duration', Unit: 'Milliseconds' },
              { Name: 'dropped', Unit: 'Count' },
              { Name: 'coldStarts', Unit: 'Count' },
            ]),
          },
        ],
      },
      step: 'aggregate',
      ...{ received: 3, written: 2, repeated: 1, quarantined: 0, dropped: 0, throttled: 0, duration: 4, coldStarts: 1 },
    });
    expect(second).not.toHaveProperty('coldStarts');
  });

  it('of a view has the view as a dimension', () => {
    const [line] = linesOf(() => reportView('reconcile', 'posts_by_category', { drift: 2 }));
    expect(line).toMatchObject({ step: 'reconcile', view: 'posts_by_category', drift: 2 });
    expect(line._aws).toMatchObject({ CloudWatchMetrics: [{ Dimensions: [['step', 'view']] }] });
  });

  it('of a throttled statement is a line of its own, and other reports of steps with the store say 0', () => {
    const [at, after, without] = linesOf(() => {
      reportThrottled('query');
      report('query', { received: 1, written: 0, failed: 1 });
      report('seal', { received: 1, written: 1 });
    });
    expect(at).toEqual({ _aws: expect.anything(), step: 'query', throttled: 1 });
    expect(after).toMatchObject({ step: 'query', failed: 1, throttled: 0 });
    expect(without).not.toHaveProperty('throttled');
  });

  it('sends only the alarmed metrics where the stage says so, and logs all values', () => {
    process.env.METRICS = 'alarmed';
    const [ofStep, ofView] = linesOf(() => {
      report('aggregate', { received: 3, written: 2, repeated: 1, freshness: 4 });
      reportView('reconcile', 'posts_by_category', { drift: 0 });
    });
    expect(ofStep).toMatchObject({ step: 'aggregate', received: 3, written: 2, repeated: 1, freshness: 4, dropped: 0 });
    const { CloudWatchMetrics } = ofStep._aws as { CloudWatchMetrics: { Metrics: { Name: string }[] }[] };
    expect(CloudWatchMetrics[0].Metrics.map(({ Name }) => Name).sort()).toEqual(
      ['dropped', 'freshness', 'quarantined', 'received', 'throttled'].sort(),
    );
    expect(ofView).toEqual({ step: 'reconcile', view: 'posts_by_category', drift: 0 });
  });

  it('cannot name a metric that does not list the step', () => {
    linesOf(() => {
      // @ts-expect-error seal writes no units
      report('seal', { received: 1, written: 1, writeUnits: 1 });
      // @ts-expect-error a step always reports what it received
      report('seal', { written: 1 });
      // @ts-expect-error drift is reported once per view
      report('reconcile', { received: 1, written: 1, drift: 1 });
    });
    expect(METRICS.writeUnits.steps).not.toContain('seal');
  });
});
