/** The metrics that widgets and alarms of the synthesized templates name, by stage. A mistyped metric never has data. */
import { METRIC_LIST, metricNamespace, type MetricName } from '../../../lambda/runtime/metrics';
import { loadConfig } from '../../../lib/config';
import { namedMetrics } from '../../../tools/assembly/named-metrics';
import { readAlarms, readDashboards } from '../../../tools/assembly/read-alarms';
import { resourcesOf } from '../../../tools/assembly/read-plan';
import { isPublished } from '../../support/published-by-aws';
import { synthesized } from '../../support/synth';

// The other stages name a subset of these metrics.
describe.each(['prod', 'local'] as const)('stage %s', (stage) => {
  const config = loadConfig({ stage });
  const all = resourcesOf(synthesized({ stage }));
  const named = namedMetrics({ alarms: readAlarms(all), dashboards: readDashboards(all) });
  const ours = named.filter(({ namespace }) => namespace === metricNamespace(config));
  const theirs = named.filter((metric) => !ours.includes(metric));

  test('names only AWS metrics that AWS publishes, with all their dimensions', () => {
    expect(new Set(theirs.map(({ namespace }) => namespace))).toEqual(
      new Set(['AWS/Kafka', 'AWS/Lambda', 'AWS/ApiGateway']),
    );
    expect(theirs.filter((metric) => !isPublished(metric))).toEqual([]);
  });

  test('names every metric of the list, and gives every dimension a value', () => {
    const names = new Set(ours.map(({ name }) => name as MetricName));
    expect([...names].sort()).toEqual(METRIC_LIST.map(({ name }) => name).sort());
    for (const { dimensions } of named) expect(Object.values(dimensions)).not.toContain('');
  });
});

test('the check finds a metric that is misspelt or lacks a dimension', () => {
  const lag = { namespace: 'AWS/Kafka', name: 'MaxOffsetLag' };
  const dimensions = { 'Cluster Name': 'c', 'Consumer Group': 'g', Topic: 't' };
  expect(isPublished({ ...lag, dimensions })).toBe(true);
  expect(isPublished({ ...lag, name: 'MaxOffsetlag', dimensions })).toBe(false);
  expect(isPublished({ ...lag, dimensions: { 'Cluster Name': 'c', Topic: 't' } })).toBe(false);
});
