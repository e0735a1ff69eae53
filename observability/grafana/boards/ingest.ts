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
  sections: [
    {
      title: 'Results of received posts',
      panels: [
        number(
          'Received',
          'Records in requests.',
          { unit: 'count', of: 'sum' },
          metric('ingest', 'received', 'received'),
        ),
        number(
          'Acknowledged',
          'Records that Kafka has on all replicas.',
          { unit: 'count', of: 'sum' },
          metric('ingest', 'written', 'written'),
        ),
        number(
          'Rejected',
          'Records that are not posts. The response states which and why.',
          { unit: 'count', of: 'sum', limits: { warning: 1 } },
          metric('ingest', 'rejected', 'rejected'),
        ),
        number(
          'Failed',
          'Records that could not be written to Kafka. The response asks the client to send them again.',
          { alarm: 'ingest-failing', unit: 'count', of: 'sum', limits: { warning: 1, critical: 1_000 } },
          metric('ingest', 'failed', 'failed'),
        ),
        zero(
          'Dropped',
          'Records unaccounted for. Must be 0.',
          { alarm: 'dropped' },
          metric('ingest', 'dropped', 'dropped'),
        ),
        number(
          'Cold starts',
          'First reports of new processes.',
          { unit: 'count', of: 'sum' },
          metric('ingest', 'coldStarts', 'cold starts'),
        ),
        graph(
          'Records',
          'Received records by result.',
          { unit: 'count', stacked: true },
          ...metricsOf('ingest', ['written', 'rejected', 'failed', 'dropped']),
        ),
        graph(
          'Bytes',
          'Bytes of request bodies, and bytes written to the log.',
          { unit: 'bytes' },
          metric('ingest', 'batchBytes', 'received'),
          metric('ingest', 'bytes', 'written'),
        ),
      ],
    },
    {
      title: 'Latency',
      panels: [
        graph(
          'Function',
          'A request, from parsing to the response.',
          { unit: 'milliseconds' },
          ...percentilesOf('ingest', 'duration', ['p50', 'p95', 'p99']),
        ),
        graph(
          'API',
          'The API including the function, and the function alone.',
          { unit: 'milliseconds' },
          awsMetric('httpApi', 'Latency', 'p99', API, 'p99'),
          awsMetric('httpApi', 'IntegrationLatency', 'p99', API, 'function, p99'),
          awsMetric('httpApi', 'Latency', 'p50', API, 'p50'),
        ),
      ],
    },
    {
      title: 'API and function',
      panels: [
        graph(
          'Requests',
          'All requests, and those with an error response.',
          { unit: 'count' },
          awsMetric('httpApi', 'Count', 'Sum', API, 'received'),
          awsMetric('httpApi', '4xx', 'Sum', API, 'rejected'),
          awsMetric('httpApi', '5xx', 'Sum', API, 'failed'),
        ),
        graph(
          'Concurrent instances',
          'Each holds connections to every broker. Throttled requests get 503.',
          { alarm: 'ingest-throttled', unit: 'count' },
          awsMetric('lambda', 'ConcurrentExecutions', 'Maximum', FUNCTION, 'concurrent'),
          awsMetric('lambda', 'Throttles', 'Sum', FUNCTION, 'throttled'),
          awsMetric('lambda', 'Errors', 'Sum', FUNCTION, 'failed'),
        ),
      ],
    },
  ],
};
