import { type Board } from '../board';
import { graph, number } from '../panels';
import { awsMetric, byStep, constant, metric, percentilesOf, type Query } from '../queries';

/** The names of `lib/constructs/view-store.ts`. */
export const TABLES = ['speed_views', 'speed_state', 'batch_views', 'boundary'] as const;

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
          { title: 'Received', description: 'Requests to the API.', unit: 'count', of: 'sum' },
          metric('query', 'received', 'received'),
        ),
        number(
          { title: 'Succeeded', description: 'Requests with a result.', unit: 'count', of: 'sum' },
          metric('query', 'written', 'written'),
        ),
        number(
          { title: 'Rejected', description: 'Requests for something that does not exist.', unit: 'count', of: 'sum' },
          metric('query', 'rejected', 'rejected'),
        ),
        number(
          {
            title: 'Failed',
            description: 'Requests that failed because of an outage.',
            alarm: 'query-failing',
            unit: 'count',
            of: 'sum',
            limits: { warning: 1, critical: 100 },
          },
          metric('query', 'failed', 'failed'),
        ),
        number(
          { title: 'Duration, p99', description: 'In the function.', unit: 'milliseconds', of: 'last' },
          metric('query', 'duration', 'p99'),
        ),
        number(
          { title: 'Cold starts', description: 'First reports of new processes.', unit: 'count', of: 'sum' },
          metric('query', 'coldStarts', 'cold starts'),
        ),
        graph(
          { title: 'Function', description: 'Duration of a request in the function.', unit: 'milliseconds' },
          ...percentilesOf('query', 'duration', ['p50', 'p95', 'p99']),
        ),
        graph(
          { title: 'API', description: 'Latency of the API, including the function.', unit: 'milliseconds' },
          awsMetric('httpApi', 'Latency', 'p50', API, 'p50'),
          awsMetric('httpApi', 'Latency', 'p99', API, 'p99'),
        ),
      ],
    },
    {
      title: 'Keyspaces',
      panels: [
        graph(
          {
            title: 'Write units, by table',
            description: '1 KB each, rounded up per row.',
            unit: 'count',
            stacked: true,
          },
          ...perTable((table) => awsMetric('keyspaces', 'ConsumedWriteCapacityUnits', 'Sum', on(table), table)),
        ),
        graph(
          {
            title: 'Read units, by table',
            description: '4 KB each, rounded up per row.',
            unit: 'count',
            stacked: true,
          },
          ...perTable((table) => awsMetric('keyspaces', 'ConsumedReadCapacityUnits', 'Sum', on(table), table)),
        ),
        graph(
          { title: 'Read latency, by table', description: 'Measured by the service, p99.', unit: 'milliseconds' },
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
          {
            title: 'Service errors, by table',
            description: 'The functions retry failed requests. Errors that continue are an outage.',
            unit: 'count',
            limits: { critical: 1 },
          },
          ...perTable((table) =>
            awsMetric('keyspacesOperations', 'SystemErrors', 'Sum', { ...on(table), Operation: 'SELECT' }, table),
          ),
        ),
        graph(
          {
            title: 'Failed conditions',
            description: 'Conditional writes whose condition failed.',
            alarm: 'write-conflicts',
            unit: 'count',
          },
          ...byStep(['aggregate', 'publish'], 'conditionFailed'),
        ),
        graph(
          { title: 'Size, by table', description: 'Billed storage.', unit: 'bytes', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'BillableTableSizeInBytes', 'Maximum', on(table), table)),
        ),
      ],
    },
  ],
};
