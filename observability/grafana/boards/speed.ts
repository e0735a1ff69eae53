import { type Board } from '../board';
import { graph, number, zero } from '../panels';
import { awsMetric, constant, metric, metricsOf, percentilesOf } from '../queries';

const FUNCTION = { FunctionName: constant('aggregateFunction') };

/** From the log to the speed rows, within seconds. */
export const SPEED: Board = {
  name: 'speed',
  title: 'Pipeline: speed layer',
  description: 'From the log to the rows that are served until the batch layer has published theirs.',
  sections: [
    {
      title: 'Fresh and complete',
      panels: [
        number(
          'Freshness, p99',
          'Log append time to visible in the store, of the newest record of a batch.',
          { unit: 'milliseconds', of: 'last' },
          metric('aggregate', 'freshness', 'p99'),
        ),
        zero(
          'Gaps',
          'Offsets missing between what a partition had applied and its next record.',
          { alarm: 'gap' },
          metric('aggregate', 'gap', 'gaps'),
        ),
        zero(
          'Dropped',
          'Records unaccounted for. 0 by contract.',
          { alarm: 'dropped' },
          metric('aggregate', 'dropped', 'dropped'),
        ),
        number(
          'Lost conditions',
          'Conditional writes that found another value: a redelivery or a late invocation, both harmless.',
          { alarm: 'write-conflicts', unit: 'count', of: 'sum' },
          metric('aggregate', 'conditionFailed', 'lost'),
        ),
        number(
          'Repeated attempts',
          'Attempts on the store that failed and were repeated.',
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
          'What became of the records of the log.',
          { unit: 'count', stacked: true },
          ...metricsOf('aggregate', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        ),
        graph(
          'Freshness',
          'Log append time to visible in the store.',
          { unit: 'milliseconds' },
          ...percentilesOf('aggregate', 'freshness', ['p50', 'p95', 'p99']),
        ),
      ],
    },
    {
      title: 'Work',
      panels: [
        graph(
          'A batch',
          'From the event to the last write.',
          { unit: 'milliseconds' },
          ...percentilesOf('aggregate', 'duration', ['p50', 'p99']),
        ),
        graph(
          'Write units',
          'What the batches cost in the store: batches times kilobytes, not posts.',
          { unit: 'count' },
          metric('aggregate', 'writeUnits', 'aggregate'),
        ),
        graph(
          'The function',
          'Failed invocations are delivered again, in order.',
          { unit: 'count' },
          awsMetric('lambda', 'Invocations', 'Sum', FUNCTION, 'received'),
          awsMetric('lambda', 'Errors', 'Sum', FUNCTION, 'failed'),
          awsMetric('lambda', 'Throttles', 'Sum', FUNCTION, 'throttled'),
        ),
      ],
    },
  ],
};
