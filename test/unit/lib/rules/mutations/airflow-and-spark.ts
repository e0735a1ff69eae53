import { AIRFLOW, SPARK, set, type Mutations } from './mutation';

export const AIRFLOW_AND_SPARK: Mutations = [
  ['a web server PUBLIC', 'W3030 at AirflowEnvironment', set(AIRFLOW, '', 'WebserverAccessMode', 'PUBLIC')],
  [
    'a version of Airflow that does not exist',
    'MWAA_VERSION at AirflowEnvironment',
    set(AIRFLOW, '', 'AirflowVersion', '3.9.9'),
  ],
  ['a capacity of "64 gigs"', 'F3031 at SparkApplication', set(SPARK, '', 'MaximumCapacity.Memory', '64 gigs')],
  [
    'spaces in the name of a log group',
    'F3031 at AirflowTaskLogs',
    set('AWS::Logs::LogGroup', 'AirflowTask', 'LogGroupName', 'airflow dev task'),
  ],
  [
    "Airflow's bucket without versions",
    'airflow-bucket at AirflowEnvironment',
    set('AWS::S3::Bucket', 'AirflowBucket', 'VersioningConfiguration', undefined),
  ],
  ['a slash before the path of the DAGs', 'MWAA_VERSION at AirflowEnvironment', set(AIRFLOW, '', 'DagS3Path', '/dags')],
  ['no workers', 'F3034 at AirflowEnvironment, MWAA_MICRO at AirflowEnvironment', set(AIRFLOW, '', 'MaxWorkers', 0)],
  ['two schedulers in the smallest Airflow', 'MWAA_MICRO at AirflowEnvironment', set(AIRFLOW, '', 'Schedulers', 2)],
  [
    'Spark that never stops',
    'EMR_AUTO_STOP at SparkApplication',
    set(SPARK, '', 'AutoStopConfiguration', { Enabled: false }),
  ],
];
