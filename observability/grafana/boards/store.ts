import { type Board } from '../board';
import { graph, number } from '../panels';
import { awsMetric, byStep, constant, metric, percentilesOf, type Query } from '../queries';

/** The names of `lib/constructs/view-store.ts`. */
export const TABLES = [
  'speed_views',
  'speed_state',
  'batch_views',
  'batch_runs',
  'unreferenced_runs',
  'boundary',
] as const;

const API = { ApiId: constant('queryApi') };

const perTable = (query: (table: string) => Query) => TABLES.map(query);
const on = (table: string) => ({ Keyspace: constant('keyspace'), TableName: table });

/** The views in Keyspaces, and the query API. */
export const STORE: Board = {
  name: 'store',
  title: 'Pipeline: store and query API',
  description: 'The views in Keyspaces, the cost of reads and writes, and the query API over both layers.',
  sections: [
    {
      title: 'Query API',
      panels: [
        number(
          'Received',
          'Requests to the API.',
          { unit: 'count', of: 'sum' },
          metric('query', 'received', 'received'),
        ),
        number(
          'Succeeded',
          'Requests with a result.',
          { unit: 'count', of: 'sum' },
          metric('query', 'written', 'written'),
        ),
        number(
          'Rejected',
          'Requests for something that does not exist.',
          { unit: 'count', of: 'sum' },
          metric('query', 'rejected', 'rejected'),
        ),
        number(
          'Failed',
          'Requests that failed because of an outage.',
          { alarm: 'query-failing', unit: 'count', of: 'sum', limits: { warning: 1, critical: 100 } },
          metric('query', 'failed', 'failed'),
        ),
        number(
          'Duration, p99',
          'In the function.',
          { unit: 'milliseconds', of: 'last' },
          metric('query', 'duration', 'p99'),
        ),
        number(
          'Cold starts',
          'First reports of new processes.',
          { unit: 'count', of: 'sum' },
          metric('query', 'coldStarts', 'cold starts'),
        ),
        graph(
          'Function',
          'Duration of a request in the function.',
          { unit: 'milliseconds' },
          ...percentilesOf('query', 'duration', ['p50', 'p95', 'p99']),
        ),
        graph(
          'API',
          'Latency of the API, including the function.',
          { unit: 'milliseconds' },
          awsMetric('httpApi', 'Latency', 'p50', API, 'p50'),
          awsMetric('httpApi', 'Latency', 'p99', API, 'p99'),
        ),
      ],
    },
    {
      title: 'Keyspaces',
      panels: [
        graph(
          'Write units, by table',
          '1 KB each, rounded up per row.',
          { unit: 'count', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'ConsumedWriteCapacityUnits', 'Sum', on(table), table)),
        ),
        graph(
          'Read units, by table',
          '4 KB each, rounded up per row.',
          { unit: 'count', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'ConsumedReadCapacityUnits', 'Sum', on(table), table)),
        ),
        graph(
          'Read latency, by table',
          'Measured by the service, p99.',
          { unit: 'milliseconds' },
          ...perTable((table) =>
            awsMetric(
              'keyspacesOperations',
              'SuccessfulRequestLatency',
              'p99',
              { ...on(table), Operation: 'SELECT' },
              table,
            ),
          ),
        ),
        graph(
          'Service errors, by table',
          'The functions retry failed requests. Errors that continue are an outage.',
          { unit: 'count', limits: { critical: 1 } },
          ...perTable((table) =>
            awsMetric('keyspacesOperations', 'SystemErrors', 'Sum', { ...on(table), Operation: 'SELECT' }, table),
          ),
        ),
        graph(
          'Failed conditions',
          'Conditional writes whose condition failed.',
          { alarm: 'write-conflicts', unit: 'count' },
          ...byStep(['aggregate', 'publish'], 'conditionFailed'),
        ),
        graph(
          'Size, by table',
          'Billed storage.',
          { unit: 'bytes', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'BillableTableSizeInBytes', 'Maximum', on(table), table)),
        ),
      ],
    },
  ],
};
