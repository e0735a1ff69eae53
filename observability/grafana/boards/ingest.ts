import { type Board } from '../board';
import { graph, number, zero } from '../panels';
import { awsMetric, constant, metric, metricsOf, percentilesOf } from '../queries';

const API = { ApiId: constant('ingestApi') };
const FUNCTION = { FunctionName: constant('ingestFunction') };

/** From the client to the Kafka log. */
export const INGEST: Board = {
  name: 'ingest',
  title: 'Pipeline: ingest',
  description: 'From the client to the Kafka log: records received, acknowledged, rejected and failed.',
  sections: {
    'Results of received posts': [
      number('Received', 'Records in requests.', metric('ingest', 'received')),
      number('Acknowledged', 'Records that Kafka has on all replicas.', metric('ingest', 'written')),
      number(
        'Rejected',
        'Records that are not posts. The response states which and why.',
        metric('ingest', 'rejected'),
        { limits: { warning: 1 } },
      ),
      number(
        'Failed',
        'Records that could not be written to Kafka. The response asks the client to send them again.',
        metric('ingest', 'failed'),
        { alarm: 'ingest-failing', limits: { warning: 1, critical: 1_000 } },
      ),
      zero('Dropped', 'Records unaccounted for. Must be 0.', metric('ingest', 'dropped'), { alarm: 'dropped' }),
      number('Cold starts', 'First reports of new processes.', metric('ingest', 'coldStarts')),
      graph(
        'Records',
        'Received records by result.',
        metricsOf('ingest', ['written', 'rejected', 'failed', 'dropped']),
        { stacked: true },
      ),
      graph('Bytes', 'Bytes of request bodies, and bytes written to the log.', [
        metric('ingest', 'batchBytes', 'received'),
        metric('ingest', 'bytes', 'written'),
      ]),
    ],
    Latency: [
      graph(
        'Function',
        'A request, from parsing to the response.',
        percentilesOf('ingest', 'duration', ['p50', 'p95', 'p99']),
      ),
      graph('API', 'The API including the function, and the function alone.', [
        awsMetric('httpApi', 'Latency', 'p99', API, 'p99'),
        awsMetric('httpApi', 'IntegrationLatency', 'p99', API, 'function, p99'),
        awsMetric('httpApi', 'Latency', 'p50', API, 'p50'),
      ]),
    ],
    'API and function': [
      graph('Requests', 'All requests, and those with an error response.', [
        awsMetric('httpApi', 'Count', 'Sum', API, 'received'),
        awsMetric('httpApi', '4xx', 'Sum', API, 'rejected'),
        awsMetric('httpApi', '5xx', 'Sum', API, 'failed'),
      ]),
      graph(
        'Concurrent instances',
        'Each holds connections to every broker. Throttled requests get 503.',
        [
          awsMetric('lambda', 'ConcurrentExecutions', 'Maximum', FUNCTION, 'concurrent'),
          awsMetric('lambda', 'Throttles', 'Sum', FUNCTION, 'throttled'),
          awsMetric('lambda', 'Errors', 'Sum', FUNCTION, 'failed'),
        ],
        { alarm: 'ingest-throttled' },
      ),
    ],
  },
};
