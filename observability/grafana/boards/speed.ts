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
          {
            title: 'Freshness, p99',
            description: 'Log append time to visible in the store, of the newest record of a batch.',
            unit: 'milliseconds',
            of: 'last',
          },
          metric('aggregate', 'freshness', 'p99'),
        ),
        zero(
          {
            title: 'Gaps',
            description: 'Offsets missing between what a partition had applied and its next record.',
            alarm: 'gap',
          },
          metric('aggregate', 'gap', 'gaps'),
        ),
        zero(
          {
            title: 'Dropped',
            description: 'Records unaccounted for. 0 by contract.',
            alarm: 'dropped',
          },
          metric('aggregate', 'dropped', 'dropped'),
        ),
        number(
          {
            title: 'Lost conditions',
            description:
              'Conditional writes that found another value: a redelivery or a late invocation, both harmless.',
            alarm: 'write-conflicts',
            unit: 'count',
            of: 'sum',
          },
          metric('aggregate', 'conditionFailed', 'lost'),
        ),
        number(
          {
            title: 'Repeated attempts',
            description: 'Attempts on the store that failed and were repeated.',
            unit: 'count',
            of: 'sum',
            limits: { warning: 1 },
          },
          metric('aggregate', 'retries', 'retries'),
        ),
        number(
          { title: 'Cold starts', description: 'First reports of new processes.', unit: 'count', of: 'sum' },
          metric('aggregate', 'coldStarts', 'cold starts'),
        ),
        graph(
          { title: 'Records', description: 'What became of the records of the log.', unit: 'count', stacked: true },
          ...metricsOf('aggregate', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        ),
        graph(
          { title: 'Freshness', description: 'Log append time to visible in the store.', unit: 'milliseconds' },
          ...percentilesOf('aggregate', 'freshness', ['p50', 'p95', 'p99']),
        ),
      ],
    },
    {
      title: 'Work',
      panels: [
        graph(
          { title: 'A batch', description: 'From the event to the last write.', unit: 'milliseconds' },
          ...percentilesOf('aggregate', 'duration', ['p50', 'p99']),
        ),
        graph(
          {
            title: 'Write units',
            description: 'What the batches cost in the store: batches times kilobytes, not posts.',
            unit: 'count',
          },
          metric('aggregate', 'writeUnits', 'aggregate'),
        ),
        graph(
          { title: 'The function', description: 'Failed invocations are delivered again, in order.', unit: 'count' },
          awsMetric('lambda', 'Invocations', 'Sum', FUNCTION, 'received'),
          awsMetric('lambda', 'Errors', 'Sum', FUNCTION, 'failed'),
          awsMetric('lambda', 'Throttles', 'Sum', FUNCTION, 'throttled'),
        ),
      ],
    },
  ],
};
