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

/** What the bill is made of: quantities, not prices, which `docs/cost-and-scale.md` has. */
export const COST: Board = {
  name: 'cost',
  title: 'Pipeline: cost',
  description: 'What the bill is made of, as quantities. Prices and the levers are in docs/cost-and-scale.md.',
  from: 'now-7d',
  sections: [
    {
      title: 'Over the range',
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
          'Rows of views, each kilobyte one.',
          { unit: 'count', of: 'sum', width: 6 },
          metric('publish', 'writeUnits', 'publish'),
        ),
        number(
          'Fullest disk of a broker',
          'Brokers are paid by the disk they have.',
          { unit: 'share', of: 'last', limits: { warning: 0.8, critical: 0.92 }, alarm: 'KafkaDiskFilling', width: 6 },
          promql('max(broker:kafka_disk_used:ratio)', 'used'),
        ),
      ],
    },
    {
      title: 'What grows with traffic',
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
          'Time of functions',
          'Summed, by function: what is paid by memory and time.',
          { unit: 'milliseconds', stacked: true },
          ...FUNCTIONS.map(([name, variable]) =>
            awsMetric('lambda', 'Duration', 'Sum', { FunctionName: constant(variable) }, name),
          ),
        ),
        graph(
          'Spark',
          'What the application holds; nothing while it is stopped.',
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
      title: 'What stays',
      panels: [
        graph(
          'The lake',
          'By storage class; the raw log moves to the cheaper one.',
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
