import { type Board } from '../board';
import { graph, number, zero } from '../panels';
import { awsMetric, constant, metric, metricsOf, percentilesOf } from '../queries';

const API = { ApiId: constant('ingestApi') };
const FUNCTION = { FunctionName: constant('ingestFunction') };

/** From the client to the log. */
export const INGEST: Board = {
  name: 'ingest',
  title: 'Pipeline: ingest',
  description: 'From the client to the log: what was sent, what was acknowledged, and what clients were told instead.',
  sections: [
    {
      title: 'What became of the posts',
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
          'Refused',
          'Records that are no posts: the client was told which and why.',
          { unit: 'count', of: 'sum', limits: { warning: 1 } },
          metric('ingest', 'rejected', 'rejected'),
        ),
        number(
          'Not taken',
          'Records that Kafka could not take: the client was told to send them again.',
          { alarm: 'ingest-failing', unit: 'count', of: 'sum', limits: { warning: 1, critical: 1_000 } },
          metric('ingest', 'failed', 'failed'),
        ),
        zero(
          'Dropped',
          'Records unaccounted for. 0 by contract.',
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
          'What became of what was received.',
          { unit: 'count', stacked: true },
          ...metricsOf('ingest', ['written', 'rejected', 'failed', 'dropped']),
        ),
        graph(
          'Bytes',
          'Bodies that came in, and what was written to the log.',
          { unit: 'bytes' },
          metric('ingest', 'batchBytes', 'received'),
          metric('ingest', 'bytes', 'written'),
        ),
      ],
    },
    {
      title: 'How fast',
      panels: [
        graph(
          'The function',
          'A request, from its parsing to the answer.',
          { unit: 'milliseconds' },
          ...percentilesOf('ingest', 'duration', ['p50', 'p95', 'p99']),
        ),
        graph(
          'As clients see it',
          'The API with the function behind it, and the function alone.',
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
          'Requests, and those answered with an error.',
          { unit: 'count' },
          awsMetric('httpApi', 'Count', 'Sum', API, 'received'),
          awsMetric('httpApi', '4xx', 'Sum', API, 'rejected'),
          awsMetric('httpApi', '5xx', 'Sum', API, 'failed'),
        ),
        graph(
          'Functions at once',
          'Each holds connections to every broker. Throttled requests are answered 503.',
          { alarm: 'ingest-throttled', unit: 'count' },
          awsMetric('lambda', 'ConcurrentExecutions', 'Maximum', FUNCTION, 'at once'),
          awsMetric('lambda', 'Throttles', 'Sum', FUNCTION, 'throttled'),
          awsMetric('lambda', 'Errors', 'Sum', FUNCTION, 'failed'),
        ),
      ],
    },
  ],
};
