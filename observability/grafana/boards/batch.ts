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
          {
            title: 'Age of the time boundary',
            description: 'Age of the end of the newest published interval at its publication.',
            alarm: 'boundary-stuck',
            unit: 'milliseconds',
            of: 'last',
          },
          metric('publish', 'boundaryAge', 'age'),
        ),
        number(
          {
            title: 'Not sealed',
            description: 'Records of the log that were not sealed when sealing began.',
            unit: 'count',
            of: 'last',
          },
          metric('seal', 'lag', 'lag'),
        ),
        number(
          {
            title: 'Intervals sealed',
            description: 'Intervals whose records are all in the lake.',
            unit: 'count',
            of: 'sum',
          },
          metric('seal', 'written', 'sealed'),
        ),
        number(
          {
            title: 'Intervals compared',
            description: 'Intervals in which both layers were compared.',
            unit: 'count',
            of: 'sum',
          },
          metric('reconcile', 'written', 'compared'),
        ),
        number(
          {
            title: 'Too old to compare',
            description: 'Intervals whose speed rows had expired before the batch layer published them.',
            unit: 'count',
            of: 'sum',
            limits: { warning: 1 },
          },
          metric('reconcile', 'expired', 'expired'),
        ),
        number(
          {
            title: 'Heartbeat records',
            description: 'Control records written to partitions without traffic.',
            unit: 'count',
            of: 'sum',
          },
          metric('seal', 'heartbeats', 'controlRecords'),
        ),
      ],
    },
    {
      title: 'Steps',
      panels: [
        graph(
          { title: 'Archive', description: 'Records of the log by result.', unit: 'count', stacked: true },
          ...metricsOf('archive', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        ),
        graph(
          { title: 'Compact', description: 'Records of the raw log by result.', unit: 'count', stacked: true },
          ...metricsOf('compact', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        ),
        graph(
          { title: 'Duration, by step', description: 'The slowest run.', unit: 'milliseconds' },
          ...byStep(['archive', 'seal', 'compact', 'publish', 'reconcile'], 'duration', 'Maximum'),
        ),
        graph(
          { title: 'Bytes written', description: 'Raw log, Parquet and rows of views.', unit: 'bytes' },
          ...byStep(['archive', 'compact', 'publish'], 'bytes'),
        ),
        graph(
          {
            title: 'Published',
            description: 'Rows of views, and days and months that became complete.',
            unit: 'count',
          },
          metric('publish', 'written', 'written'),
          metric('publish', 'rollUps', 'days and months'),
        ),
        graph(
          {
            title: 'Durable in the lake',
            description: 'Time from log append to the lake, for the newest record of each batch.',
            unit: 'milliseconds',
          },
          ...percentilesOf('archive', 'freshness', ['p50', 'p99']),
        ),
      ],
    },
    {
      title: 'Spark and Airflow',
      panels: [
        graph(
          { title: 'Spark jobs', description: 'One per interval.', unit: 'count' },
          awsMetric('sparkApplication', 'SuccessJobs', 'Sum', APPLICATION, 'written'),
          awsMetric('sparkApplication', 'FailedJobs', 'Sum', APPLICATION, 'failed'),
          awsMetric('sparkApplication', 'RunningJobs', 'Maximum', APPLICATION, 'running'),
          awsMetric('sparkApplication', 'PendingJobs', 'Maximum', APPLICATION, 'pending'),
        ),
        graph(
          {
            title: 'Spark vCPUs',
            description: 'Allocated to the application. 0 while it is stopped.',
            unit: 'count',
          },
          awsMetric('sparkApplication', 'CPUAllocated', 'Maximum', APPLICATION, 'vCPU'),
        ),
        graph(
          { title: 'Airflow tasks', description: 'Running tasks, and tasks that wait for a slot.', unit: 'count' },
          awsMetric('airflow', 'RunningTasks', 'Maximum', EXECUTOR, 'running'),
          awsMetric('airflow', 'QueuedTasks', 'Maximum', EXECUTOR, 'queued'),
        ),
        graph(
          {
            title: 'Heartbeat of the scheduler',
            description: 'Airflow schedules nothing while it is missing.',
            unit: 'count',
          },
          awsMetric('airflow', 'SchedulerHeartbeat', 'Sum', SCHEDULER, 'heartbeats'),
        ),
      ],
    },
  ],
};
