import { type AwsMetric } from '../aws-metrics';
import { type Board } from '../board';
import { graph, number } from '../panels';
import { awsMetric, byStep, constant, metric, percentilesOf, type Statistic } from '../queries';

/** The names of `lib/constructs/view-store.ts`. */
export const TABLES = [
  'speed_log',
  'speed_head',
  'speed_runs',
  'speed_posts',
  'batch_views',
  'batch_runs',
  'unreferenced_runs',
  'boundary',
] as const;

const API = { ApiId: constant('queryApi') };

const on = (table: string) => ({ Keyspace: constant('keyspace'), TableName: table });
const perTable = (name: AwsMetric<'keyspaces'>, statistic: Statistic) =>
  TABLES.map((table) => awsMetric('keyspaces', name, statistic, on(table), table));
const reads = (name: AwsMetric<'keyspacesOperations'>, statistic: Statistic) =>
  TABLES.map((table) =>
    awsMetric('keyspacesOperations', name, statistic, { ...on(table), Operation: 'SELECT' }, table),
  );

/** The views in Keyspaces, and the query API. */
export const STORE: Board = {
  name: 'store',
  title: 'Pipeline: store and query API',
  description: 'The views in Keyspaces, the cost of reads and writes, and the query API over both layers.',
  sections: {
    'Query API': [
      number('Received', 'Requests to the API.', metric('query', 'received')),
      number('Succeeded', 'Requests with a result.', metric('query', 'written')),
      number('Rejected', 'Requests for something that does not exist.', metric('query', 'rejected')),
      number('Failed', 'Requests that failed because of an outage.', metric('query', 'failed'), {
        alarm: 'query-failing',
        limits: { warning: 1, critical: 100 },
      }),
      number('Duration, p99', 'In the function.', metric('query', 'duration')),
      number('Cold starts', 'First reports of new processes.', metric('query', 'coldStarts')),
      graph(
        'Function',
        'Duration of a request in the function.',
        percentilesOf('query', 'duration', ['p50', 'p95', 'p99']),
      ),
      graph('API', 'Latency of the API, including the function.', [
        awsMetric('httpApi', 'Latency', 'p50', API, 'p50'),
        awsMetric('httpApi', 'Latency', 'p99', API, 'p99'),
      ]),
    ],
    Keyspaces: [
      graph('Write units, by table', '1 KB each, rounded up per row.', perTable('ConsumedWriteCapacityUnits', 'Sum'), {
        stacked: true,
      }),
      graph('Read units, by table', '4 KB each, rounded up per row.', perTable('ConsumedReadCapacityUnits', 'Sum'), {
        stacked: true,
      }),
      graph('Read latency, by table', 'Measured by the service, p99.', reads('SuccessfulRequestLatency', 'p99')),
      graph(
        'Service errors, by table',
        'The functions retry failed requests. Errors that continue are an outage.',
        reads('SystemErrors', 'Sum'),
        { limits: { critical: 1 } },
      ),
      graph(
        'Failed conditions',
        'Conditional writes whose condition failed.',
        byStep(['aggregate', 'publish'], 'conditionFailed'),
        { alarm: 'write-conflicts' },
      ),
      graph('Size, by table', 'Billed storage.', perTable('BillableTableSizeInBytes', 'Maximum'), { stacked: true }),
    ],
  },
};
