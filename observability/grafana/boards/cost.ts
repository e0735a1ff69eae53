import { PIPELINE_STEPS } from '../../../lambda/runtime/metrics';
import { type Board } from '../board';
import { graph, number } from '../panels';
import { awsMetric, byStep, constant, metric, promql } from '../queries';

/** A metric of the function of every step. */
const byFunction = (name: 'Invocations' | 'Duration') =>
  PIPELINE_STEPS.map((step) => awsMetric('lambda', name, 'Sum', { FunctionName: constant(`${step}Function`) }, step));
const SPARK = { ApplicationId: constant('sparkApplication') };
const stored = (StorageType: string, label: string) =>
  awsMetric('s3', 'BucketSizeBytes', 'Average', { BucketName: constant('lake'), StorageType }, label);

/** Cost drivers as quantities. `docs/cost-and-scale.md` has the prices. */
export const COST: Board = {
  name: 'cost',
  title: 'Pipeline: cost',
  description: 'Cost drivers as quantities. docs/cost-and-scale.md has prices and ways to reduce them.',
  from: 'now-7d',
  sections: {
    'Totals of the time range': [
      number('Posts', 'Records acknowledged.', metric('ingest', 'written'), { width: 6 }),
      number('Write units, speed layer', 'Batches times kilobytes.', metric('aggregate', 'writeUnits'), { width: 6 }),
      number('Write units, batch layer', 'One per kilobyte of a view row.', metric('publish', 'writeUnits'), {
        width: 6,
      }),
      number(
        'Fullest disk of a broker',
        'Brokers are billed by the size of their disks.',
        promql('max(broker:kafka_disk_used:ratio)', 'used'),
        { limits: { warning: 0.8, critical: 0.92 }, alarm: 'KafkaDiskFilling', width: 6 },
      ),
    ],
    'Grows with traffic': [
      graph('Invocations', 'By function.', byFunction('Invocations'), { stacked: true }),
      graph('Duration of functions', 'Sum, by function. Lambda bills memory times duration.', byFunction('Duration'), {
        stacked: true,
      }),
      graph('Spark', 'Allocated to the application. 0 while it is stopped.', [
        awsMetric('sparkApplication', 'CPUAllocated', 'Average', SPARK, 'vCPU'),
        awsMetric('sparkApplication', 'MemoryAllocated', 'Average', SPARK, 'GB'),
      ]),
    ],
    Accumulates: [
      graph(
        'The lake',
        'By storage class. The raw log moves to the cheaper one.',
        [stored('StandardStorage', 'standard'), stored('GlacierInstantRetrievalStorage', 'archived')],
        { stacked: true },
      ),
      graph(
        'Bytes written',
        'By step, to the log, the lake and the store.',
        byStep(['ingest', 'archive', 'compact', 'aggregate', 'publish'], 'bytes'),
        { stacked: true },
      ),
    ],
  },
};
