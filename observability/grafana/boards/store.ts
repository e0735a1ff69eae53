import { type Board } from '../board';
import { graph, number } from '../panels';
import { awsMetric, byStep, constant, metric, percentilesOf, type Query } from '../queries';

/** As `lib/constructs/view-store.ts` names them. */
export const TABLES = ['speed_views', 'speed_state', 'batch_views', 'boundary'] as const;

const API = { ApiId: constant('queryApi') };

const perTable = (query: (table: string) => Query) => TABLES.map(query);
const on = (table: string) => ({ Keyspace: constant('keyspace'), TableName: table });

/** The views in Keyspaces, and the API that answers from them. */
export const STORE: Board = {
  name: 'store',
  title: 'Pipeline: store and answers',
  description:
    'The views in Keyspaces, what reading and writing them takes, and the API that answers from both layers.',
  sections: [
    {
      title: 'Answers',
      panels: [
        number(
          { title: 'Questions', description: 'Questions that the API was asked.', unit: 'count', of: 'sum' },
          metric('query', 'received', 'received'),
        ),
        number(
          { title: 'Answered', description: 'Questions answered.', unit: 'count', of: 'sum' },
          metric('query', 'written', 'written'),
        ),
        number(
          { title: 'Refused', description: 'Questions that ask for what there is not.', unit: 'count', of: 'sum' },
          metric('query', 'rejected', 'rejected'),
        ),
        number(
          {
            title: 'Not answered',
            description: 'Questions that an outage left without an answer.',
            alarm: 'query-failing',
            unit: 'count',
            of: 'sum',
            limits: { warning: 1, critical: 100 },
          },
          metric('query', 'failed', 'failed'),
        ),
        number(
          { title: 'Time of an answer, p99', description: 'In the function.', unit: 'milliseconds', of: 'last' },
          metric('query', 'duration', 'p99'),
        ),
        number(
          { title: 'Cold starts', description: 'First reports of new processes.', unit: 'count', of: 'sum' },
          metric('query', 'coldStarts', 'cold starts'),
        ),
        graph(
          { title: 'Time of an answer', description: 'In the function.', unit: 'milliseconds' },
          ...percentilesOf('query', 'duration', ['p50', 'p95', 'p99']),
        ),
        graph(
          { title: 'As clients see it', description: 'The API with the function behind it.', unit: 'milliseconds' },
          awsMetric('httpApi', 'Latency', 'p50', API, 'p50'),
          awsMetric('httpApi', 'Latency', 'p99', API, 'p99'),
        ),
      ],
    },
    {
      title: 'Keyspaces',
      panels: [
        graph(
          { title: 'Write units, by table', description: '1 KB each, rounded up a row.', unit: 'count', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'ConsumedWriteCapacityUnits', 'Sum', on(table), table)),
        ),
        graph(
          { title: 'Read units, by table', description: '4 KB each, rounded up a row.', unit: 'count', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'ConsumedReadCapacityUnits', 'Sum', on(table), table)),
        ),
        graph(
          { title: 'Time of a read, by table', description: 'On the side of the service, p99.', unit: 'milliseconds' },
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
            title: 'Errors of the service, by table',
            description: 'The functions repeat what failed; what goes on is an outage.',
            unit: 'count',
            limits: { critical: 1 },
          },
          ...perTable((table) =>
            awsMetric('keyspacesOperations', 'SystemErrors', 'Sum', { ...on(table), Operation: 'SELECT' }, table),
          ),
        ),
        graph(
          {
            title: 'Lost conditions',
            description: 'Conditional writes that found another value.',
            alarm: 'write-conflicts',
            unit: 'count',
          },
          ...byStep(['aggregate', 'publish'], 'conditionFailed'),
        ),
        graph(
          { title: 'Size, by table', description: 'What is billed as stored.', unit: 'bytes', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'BillableTableSizeInBytes', 'Maximum', on(table), table)),
        ),
      ],
    },
  ],
};
