import { type Board } from '../board';
import { graph, number, zero } from '../panels';
import { awsMetric, constant, metric, metricsOf, percentilesOf } from '../queries';

const FUNCTION = { FunctionName: constant('aggregateFunction') };

/** From the Kafka log to the speed rows, within seconds. */
export const SPEED: Board = {
  name: 'speed',
  title: 'Pipeline: speed layer',
  description: 'From the Kafka log to the rows that are served until the batch layer publishes the interval.',
  sections: {
    'Freshness and completeness': [
      number(
        'Freshness, p99',
        'Time from log append to visible in the store, for the newest record of a batch.',
        metric('aggregate', 'freshness'),
      ),
      zero(
        'Gaps',
        'Offsets missing between the last applied record of a partition and the next one.',
        metric('aggregate', 'gap'),
        { alarm: 'gap' },
      ),
      zero('Dropped', 'Records unaccounted for. Must be 0.', metric('aggregate', 'dropped'), { alarm: 'dropped' }),
      number(
        'Failed conditions',
        'Conditional writes whose condition failed, because of a redelivery or a late invocation. Both are harmless.',
        metric('aggregate', 'conditionFailed'),
        { alarm: 'write-conflicts' },
      ),
      number('Retries', 'Failed requests to the store that were retried.', metric('aggregate', 'retries'), {
        limits: { warning: 1 },
      }),
      number('Cold starts', 'First reports of new processes.', metric('aggregate', 'coldStarts')),
      graph(
        'Records',
        'Records of the log by result.',
        metricsOf('aggregate', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        { stacked: true },
      ),
      graph(
        'Freshness',
        'Time from log append to visible in the store.',
        percentilesOf('aggregate', 'freshness', ['p50', 'p95', 'p99']),
      ),
    ],
    Work: [
      graph(
        'Batch duration',
        'From the event to the last write.',
        percentilesOf('aggregate', 'duration', ['p50', 'p99']),
      ),
      graph(
        'Write units',
        'Cost of the batches in the store. It depends on batches times kilobytes, not on posts.',
        metric('aggregate', 'writeUnits', 'aggregate'),
      ),
      graph('Function', 'Lambda retries failed invocations, in order.', [
        awsMetric('lambda', 'Invocations', 'Sum', FUNCTION, 'received'),
        awsMetric('lambda', 'Errors', 'Sum', FUNCTION, 'failed'),
        awsMetric('lambda', 'Throttles', 'Sum', FUNCTION, 'throttled'),
      ]),
    ],
  },
};
