import { type Board } from '../board';
import { graph, number, zero } from '../panels';
import { awsMetric, constant, metric, metricsOf, percentilesOf } from '../queries';

const FUNCTION = { FunctionName: constant('aggregateFunction') };

/** From the Kafka log to the speed rows, within seconds. */
export const SPEED: Board = {
  name: 'speed',
  title: 'Pipeline: speed layer',
  description: 'From the Kafka log to the rows that are served until the batch layer publishes the interval.',
  sections: [
    {
      title: 'Freshness and completeness',
      panels: [
        number(
          'Freshness, p99',
          'Time from log append to visible in the store, for the newest record of a batch.',
          { unit: 'milliseconds', of: 'last' },
          metric('aggregate', 'freshness', 'p99'),
        ),
        zero(
          'Gaps',
          'Offsets missing between the last applied record of a partition and the next one.',
          { alarm: 'gap' },
          metric('aggregate', 'gap', 'gaps'),
        ),
        zero(
          'Dropped',
          'Records unaccounted for. Must be 0.',
          { alarm: 'dropped' },
          metric('aggregate', 'dropped', 'dropped'),
        ),
        number(
          'Failed conditions',
          'Conditional writes whose condition failed, because of a redelivery or a late invocation. Both are harmless.',
          { alarm: 'write-conflicts', unit: 'count', of: 'sum' },
          metric('aggregate', 'conditionFailed', 'failed'),
        ),
        number(
          'Retries',
          'Failed requests to the store that were retried.',
          { unit: 'count', of: 'sum', limits: { warning: 1 } },
          metric('aggregate', 'retries', 'retries'),
        ),
        number(
          'Cold starts',
          'First reports of new processes.',
          { unit: 'count', of: 'sum' },
          metric('aggregate', 'coldStarts', 'cold starts'),
        ),
        graph(
          'Records',
          'Records of the log by result.',
          { unit: 'count', stacked: true },
          ...metricsOf('aggregate', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        ),
        graph(
          'Freshness',
          'Time from log append to visible in the store.',
          { unit: 'milliseconds' },
          ...percentilesOf('aggregate', 'freshness', ['p50', 'p95', 'p99']),
        ),
      ],
    },
    {
      title: 'Work',
      panels: [
        graph(
          'Batch duration',
          'From the event to the last write.',
          { unit: 'milliseconds' },
          ...percentilesOf('aggregate', 'duration', ['p50', 'p99']),
        ),
        graph(
          'Write units',
          'Cost of the batches in the store. It depends on batches times kilobytes, not on posts.',
          { unit: 'count' },
          metric('aggregate', 'writeUnits', 'aggregate'),
        ),
        graph(
          'Function',
          'Lambda retries failed invocations, in order.',
          { unit: 'count' },
          awsMetric('lambda', 'Invocations', 'Sum', FUNCTION, 'received'),
          awsMetric('lambda', 'Errors', 'Sum', FUNCTION, 'failed'),
          awsMetric('lambda', 'Throttles', 'Sum', FUNCTION, 'throttled'),
        ),
      ],
    },
  ],
};
