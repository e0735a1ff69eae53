import { type Board } from '../board';
import { graph, number } from '../panels';
import { awsMetric, byStep, constant, metric, promql } from '../queries';

const FUNCTIONS = [
  ['ingest', 'ingestFunction'],
  ['archive', 'archiveFunction'],
  ['aggregate', 'aggregateFunction'],
  ['seal', 'sealFunction'],
  ['compact', 'compactFunction'],
  ['publish', 'publishFunction'],
  ['reconcile', 'reconcileFunction'],
  ['query', 'queryFunction'],
] as const;

/** Cost drivers as quantities. `docs/cost-and-scale.md` has the prices. */
export const COST: Board = {
  name: 'cost',
  title: 'Pipeline: cost',
  description: 'Cost drivers as quantities. docs/cost-and-scale.md has prices and ways to reduce them.',
  from: 'now-7d',
  sections: [
    {
      title: 'Totals of the time range',
      panels: [
        number(
          'Posts',
          'Records acknowledged.',
          { unit: 'count', of: 'sum', width: 6 },
          metric('ingest', 'written', 'written'),
        ),
        number(
          'Write units, speed layer',
          'Batches times kilobytes.',
          { unit: 'count', of: 'sum', width: 6 },
          metric('aggregate', 'writeUnits', 'aggregate'),
        ),
        number(
          'Write units, batch layer',
          'One per kilobyte of a view row.',
          { unit: 'count', of: 'sum', width: 6 },
          metric('publish', 'writeUnits', 'publish'),
        ),
        number(
          'Fullest disk of a broker',
          'Brokers are billed by the size of their disks.',
          { unit: 'share', of: 'last', limits: { warning: 0.8, critical: 0.92 }, alarm: 'KafkaDiskFilling', width: 6 },
          promql('max(broker:kafka_disk_used:ratio)', 'used'),
        ),
      ],
    },
    {
      title: 'Grows with traffic',
      panels: [
        graph(
          'Invocations',
          'By function.',
          { unit: 'count', stacked: true },
          ...FUNCTIONS.map(([name, variable]) =>
            awsMetric('lambda', 'Invocations', 'Sum', { FunctionName: constant(variable) }, name),
          ),
        ),
        graph(
          'Duration of functions',
          'Sum, by function. Lambda bills memory times duration.',
          { unit: 'milliseconds', stacked: true },
          ...FUNCTIONS.map(([name, variable]) =>
            awsMetric('lambda', 'Duration', 'Sum', { FunctionName: constant(variable) }, name),
          ),
        ),
        graph(
          'Spark',
          'Allocated to the application. 0 while it is stopped.',
          { unit: 'count' },
          awsMetric(
            'sparkApplication',
            'CPUAllocated',
            'Average',
            { ApplicationId: constant('sparkApplication') },
            'vCPU',
          ),
          awsMetric(
            'sparkApplication',
            'MemoryAllocated',
            'Average',
            { ApplicationId: constant('sparkApplication') },
            'GB',
          ),
        ),
      ],
    },
    {
      title: 'Accumulates',
      panels: [
        graph(
          'The lake',
          'By storage class. The raw log moves to the cheaper one.',
          { unit: 'bytes', stacked: true },
          awsMetric(
            's3',
            'BucketSizeBytes',
            'Average',
            { BucketName: constant('lake'), StorageType: 'StandardStorage' },
            'standard',
          ),
          awsMetric(
            's3',
            'BucketSizeBytes',
            'Average',
            { BucketName: constant('lake'), StorageType: 'GlacierInstantRetrievalStorage' },
            'archived',
          ),
        ),
        graph(
          'Bytes written',
          'By step, to the log, the lake and the store.',
          { unit: 'bytes', stacked: true },
          ...byStep(['ingest', 'archive', 'compact', 'aggregate', 'publish'], 'bytes'),
        ),
      ],
    },
  ],
};
