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
  sections: {
    Intervals: [
      number(
        'Age of the time boundary',
        'Age of the end of the newest published interval at its publication.',
        metric('publish', 'boundaryAge'),
        { alarm: 'boundary-stuck' },
      ),
      number('Not sealed', 'Records of the log that were not sealed when sealing began.', metric('seal', 'lag')),
      number('Intervals sealed', 'Intervals whose records are all in the lake.', metric('seal', 'written')),
      number('Intervals compared', 'Intervals in which both layers were compared.', metric('reconcile', 'written')),
      number(
        'Too old to compare',
        'Intervals whose speed rows had expired before the batch layer published them.',
        metric('reconcile', 'expired'),
        { limits: { warning: 1 } },
      ),
      number(
        'Heartbeat records',
        'Control records written to partitions without traffic.',
        metric('seal', 'heartbeats'),
      ),
    ],
    Steps: [
      graph(
        'Archive',
        'Records of the log by result.',
        metricsOf('archive', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        { stacked: true },
      ),
      graph(
        'Compact',
        'Records of the raw log by result.',
        metricsOf('compact', ['written', 'repeated', 'controlRecords', 'quarantined', 'dropped']),
        { stacked: true },
      ),
      graph(
        'Duration, by step',
        'The slowest run.',
        byStep(['archive', 'seal', 'compact', 'publish', 'reconcile'], 'duration', 'Maximum'),
      ),
      graph('Bytes written', 'Raw log, Parquet and rows of views.', byStep(['archive', 'compact', 'publish'], 'bytes')),
      graph('Published', 'Rows of views, and days and months that became complete.', [
        metric('publish', 'written'),
        metric('publish', 'rollUps', 'days and months'),
      ]),
      graph(
        'Durable in the lake',
        'Time from log append to the lake, for the newest record of each batch.',
        percentilesOf('archive', 'freshness', ['p50', 'p99']),
      ),
    ],
    'Spark and Airflow': [
      graph('Spark jobs', 'One per interval.', [
        awsMetric('sparkApplication', 'SuccessJobs', 'Sum', APPLICATION, 'written'),
        awsMetric('sparkApplication', 'FailedJobs', 'Sum', APPLICATION, 'failed'),
        awsMetric('sparkApplication', 'RunningJobs', 'Maximum', APPLICATION, 'running'),
        awsMetric('sparkApplication', 'PendingJobs', 'Maximum', APPLICATION, 'pending'),
      ]),
      graph(
        'Spark vCPUs',
        'Allocated to the application. 0 while it is stopped.',
        awsMetric('sparkApplication', 'CPUAllocated', 'Maximum', APPLICATION, 'vCPU'),
      ),
      graph('Airflow tasks', 'Running tasks, and tasks that wait for a slot.', [
        awsMetric('airflow', 'RunningTasks', 'Maximum', EXECUTOR, 'running'),
        awsMetric('airflow', 'QueuedTasks', 'Maximum', EXECUTOR, 'queued'),
      ]),
      graph(
        'Heartbeat of the scheduler',
        'Airflow schedules nothing while it is missing.',
        awsMetric('airflow', 'SchedulerHeartbeat', 'Sum', SCHEDULER, 'heartbeats'),
      ),
    ],
  },
};
