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
          'Questions',
          'Questions that the API was asked.',
          { unit: 'count', of: 'sum' },
          metric('query', 'received', 'received'),
        ),
        number('Answered', 'Questions answered.', { unit: 'count', of: 'sum' }, metric('query', 'written', 'written')),
        number(
          'Refused',
          'Questions that ask for what there is not.',
          { unit: 'count', of: 'sum' },
          metric('query', 'rejected', 'rejected'),
        ),
        number(
          'Not answered',
          'Questions that an outage left without an answer.',
          { alarm: 'query-failing', unit: 'count', of: 'sum', limits: { warning: 1, critical: 100 } },
          metric('query', 'failed', 'failed'),
        ),
        number(
          'Time of an answer, p99',
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
          'Time of an answer',
          'In the function.',
          { unit: 'milliseconds' },
          ...percentilesOf('query', 'duration', ['p50', 'p95', 'p99']),
        ),
        graph(
          'As clients see it',
          'The API with the function behind it.',
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
          '1 KB each, rounded up a row.',
          { unit: 'count', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'ConsumedWriteCapacityUnits', 'Sum', on(table), table)),
        ),
        graph(
          'Read units, by table',
          '4 KB each, rounded up a row.',
          { unit: 'count', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'ConsumedReadCapacityUnits', 'Sum', on(table), table)),
        ),
        graph(
          'Time of a read, by table',
          'On the side of the service, p99.',
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
          'Errors of the service, by table',
          'The functions repeat what failed; what goes on is an outage.',
          { unit: 'count', limits: { critical: 1 } },
          ...perTable((table) =>
            awsMetric('keyspacesOperations', 'SystemErrors', 'Sum', { ...on(table), Operation: 'SELECT' }, table),
          ),
        ),
        graph(
          'Lost conditions',
          'Conditional writes that found another value.',
          { alarm: 'write-conflicts', unit: 'count' },
          ...byStep(['aggregate', 'publish'], 'conditionFailed'),
        ),
        graph(
          'Size, by table',
          'What is billed as stored.',
          { unit: 'bytes', stacked: true },
          ...perTable((table) => awsMetric('keyspaces', 'BillableTableSizeInBytes', 'Maximum', on(table), table)),
        ),
      ],
    },
  ],
};
