import { type Board } from '../board';
import { graph, number } from '../panels';
import { awsMetric, byStep, constant, metric, metricsOf, percentilesOf } from '../queries';

const APPLICATION = { ApplicationId: constant('sparkApplication') };
const EXECUTOR = { Function: 'Executor', Environment: constant('airflow') };
const SCHEDULER = { Function: 'Scheduler', Environment: constant('airflow') };

/** From the Kafka log to published views, interval by interval. */
export const BATCH: Board = {
  name: 'batch',
  title: 'Pipeline: batch layer',
  description:
    'From the Kafka log to published views, interval by interval: archive, seal, compact, Spark, publish, reconcile.',
  from: 'now-24h',
  sections: [
    {
      title: 'Intervals',
      panels: [
        number(
          'Age of the time boundary',
          'Age of the end of the newest published interval at its publication.',
          { alarm: 'boundary-stuck', unit: 'milliseconds', of: 'last' },
          metric('publish', 'boundaryAge', 'age'),
        ),
        number(
          'Not sealed',
          'Records of the log that were not sealed when sealing began.',
          { unit: 'count', of: 'last' },
          metric('seal', 'lag', 'lag'),
        ),
        number(
          'Intervals sealed',
          'Intervals whose records are all in the lake.',
          { unit: 'count', of: 'sum' },
          metric('seal', 'written', 'sealed'),
        ),
        number(
          'Intervals compared',
          'Intervals in which both layers were compared.',
          { unit: 'count', of: 'sum' },
          metric('reconcile', 'written', 'compared'),
        ),
        number(
          'Too old to compare',
          'Intervals whose speed rows had expired before the batch layer published them.',
          { unit: 'count', of: 'sum', limits: { warning: 1 } },
          metric('reconcile', 'expired', 'expired'),
        ),
        number(
          'Heartbeat records',
          'Control records written to partitions without traffic.',
          { unit: 'count', of: 'sum' },
          metric('seal', 'heartbeats', 'controlRecords'),
        ),
      ],
    },
    {
      title: 'Steps',
      panels: [
        graph(
          'Archive',
          'Records of the log by result.',
          { unit: 'count', stacked: true },
          ...metricsOf('archive', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        ),
        graph(
          'Compact',
          'Records of the raw log by result.',
          { unit: 'count', stacked: true },
          ...metricsOf('compact', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        ),
        graph(
          'Duration, by step',
          'The slowest run.',
          { unit: 'milliseconds' },
          ...byStep(['archive', 'seal', 'compact', 'publish', 'reconcile'], 'duration', 'Maximum'),
        ),
        graph(
          'Bytes written',
          'Raw log, Parquet and rows of views.',
          { unit: 'bytes' },
          ...byStep(['archive', 'compact', 'publish'], 'bytes'),
        ),
        graph(
          'Published',
          'Rows of views, and days and months that became complete.',
          { unit: 'count' },
          metric('publish', 'written', 'written'),
          metric('publish', 'rollUps', 'days and months'),
        ),
        graph(
          'Durable in the lake',
          'Time from log append to the lake, for the newest record of each batch.',
          { unit: 'milliseconds' },
          ...percentilesOf('archive', 'freshness', ['p50', 'p99']),
        ),
      ],
    },
    {
      title: 'Spark and Airflow',
      panels: [
        graph(
          'Spark jobs',
          'One per interval.',
          { unit: 'count' },
          awsMetric('sparkApplication', 'SuccessJobs', 'Sum', APPLICATION, 'written'),
          awsMetric('sparkApplication', 'FailedJobs', 'Sum', APPLICATION, 'failed'),
          awsMetric('sparkApplication', 'RunningJobs', 'Maximum', APPLICATION, 'running'),
          awsMetric('sparkApplication', 'PendingJobs', 'Maximum', APPLICATION, 'pending'),
        ),
        graph(
          'Spark vCPUs',
          'Allocated to the application. 0 while it is stopped.',
          { unit: 'count' },
          awsMetric('sparkApplication', 'CPUAllocated', 'Maximum', APPLICATION, 'vCPU'),
        ),
        graph(
          'Airflow tasks',
          'Running tasks, and tasks that wait for a slot.',
          { unit: 'count' },
          awsMetric('airflow', 'RunningTasks', 'Maximum', EXECUTOR, 'running'),
          awsMetric('airflow', 'QueuedTasks', 'Maximum', EXECUTOR, 'queued'),
        ),
        graph(
          'Heartbeat of the scheduler',
          'Airflow schedules nothing while it is missing.',
          { unit: 'count' },
          awsMetric('airflow', 'SchedulerHeartbeat', 'Sum', SCHEDULER, 'heartbeats'),
        ),
      ],
    },
  ],
};
