/**
 * Calls that AWS services make with the roles. A local run does not make them: it has no Lambda network, no pollers, no MWAA and no
 * Managed Grafana. Each has the page that documents it.
 */
import { type PipelineConfig } from '../../lib/config';
import { type Caller, FUNCTIONS, IN_NETWORK, logsOf, type ServiceCalls } from './callers';
import { DEPLOYMENT } from './deployment-calls';
import { type Call } from './roles';
import { ofStage, type StageNames } from './stage-names';

const CLUSTER = ['{KafkaCluster.Arn}'];
const TOPIC = ['{KafkaPosts.TopicArn}'];
const AIRFLOW_LOGS = ['arn:aws:logs:REGION:ACCOUNT:log-group:airflow-PROJECT-STAGE-Task:log-stream:x'];
const AIRFLOW_QUEUE = ['arn:aws:sqs:REGION:111122223333:airflow-celery-0a1b'];
/** A key in the service's account. */
const AIRFLOW_KEY = ['arn:aws:kms:REGION:111122223333:key/0a1b'];
const AIRFLOW_BUCKET = ['{AirflowBucket.Arn}'];
const PROMETHEUS = ['{PrometheusWorkspace.Arn}'];
const WORKGROUP = ['arn:aws:athena:REGION:ACCOUNT:workgroup/PROJECT-STAGE-boards'];
const QUERY_RESULT = ['{GrafanaLakeResults.Arn}/0a1b.csv'];
const CATALOG = 'arn:aws:glue:REGION:ACCOUNT:catalog';
const DATABASE = 'arn:aws:glue:REGION:ACCOUNT:database/PROJECT_STAGE';
const AIRFLOW_DAG = ['{AirflowBucket.Arn}/dags/pipeline.py'];

const LIST: readonly ServiceCalls[] = [
  {
    why: 'Lambda writes the log of a function',
    see: 'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html',
    callers: FUNCTIONS,
    calls: {
      'logs:CreateLogStream': ['{LOGS.Arn}:log-stream:x'],
      'logs:PutLogEvents': ['{LOGS.Arn}:log-stream:x'],
    },
  },
  {
    why: 'Lambda connects a function to a network',
    see: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions',
    callers: IN_NETWORK,
    calls: {
      'ec2:CreateNetworkInterface': [
        'arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-0',
        'arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-0',
      ],
      'ec2:DeleteNetworkInterface': ['arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-0'],
      'ec2:AssignPrivateIpAddresses': ['arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-0'],
      'ec2:UnassignPrivateIpAddresses': ['arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-0'],
      'ec2:DescribeNetworkInterfaces': ['*'],
      'ec2:DescribeSubnets': ['*'],
    },
  },
  {
    why: 'Lambda sends traces',
    see: 'https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html',
    callers: FUNCTIONS,
    where: ({ tracing }) => tracing,
    calls: { 'xray:PutTraceSegments': ['*'], 'xray:PutTelemetryRecords': ['*'] },
  },
  {
    why: 'The pollers of an event source find the cluster, read the topic and commit for the group',
    see: 'https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html',
    callers: ['archive', 'aggregate'],
    calls: {
      'kafka:DescribeClusterV2': CLUSTER,
      'kafka:GetBootstrapBrokers': CLUSTER,
      'ec2:DescribeVpcs': ['*'],
      'ec2:DescribeSecurityGroups': ['*'],
      'kafka-cluster:Connect': CLUSTER,
      'kafka-cluster:DescribeClusterDynamicConfiguration': CLUSTER,
      'kafka-cluster:DescribeTopic': TOPIC,
      'kafka-cluster:ReadData': TOPIC,
      'kafka-cluster:DescribeGroup': ['arn:aws:kafka:REGION:ACCOUNT:group/CLUSTER/PROJECT-STAGE-CALLER'],
      'kafka-cluster:AlterGroup': ['arn:aws:kafka:REGION:ACCOUNT:group/CLUSTER/PROJECT-STAGE-CALLER'],
    },
  },
  {
    why: 'Keyspaces fills system.peers with the addresses of its VPC endpoint',
    see: 'https://docs.aws.amazon.com/keyspaces/latest/devguide/vpc-endpoints.html',
    callers: ['aggregate', 'publish', 'reconcile', 'query'],
    byCode: true,
    calls: { 'ec2:DescribeNetworkInterfaces': ['*'], 'ec2:DescribeVpcEndpoints': ['*'] },
  },
  {
    why: 'EMR Serverless writes the log of a job',
    see: 'https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html#jobs-log-storage-cw',
    callers: ['spark'],
    calls: {
      'logs:CreateLogStream': ['{SparkLogs.Arn}:log-stream:x'],
      'logs:PutLogEvents': ['{SparkLogs.Arn}:log-stream:x'],
      'logs:DescribeLogStreams': ['{SparkLogs.Arn}:log-stream:'],
      'logs:DescribeLogGroups': ['*'],
    },
  },
  {
    why: 'MWAA reads its DAGs, writes its logs and metrics',
    see: 'https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-create-role.html',
    callers: ['airflow'],
    calls: {
      'airflow:PublishMetrics': ['arn:aws:airflow:REGION:ACCOUNT:environment/PROJECT-STAGE'],
      'cloudwatch:PutMetricData': ['*'],
      's3:GetObject': AIRFLOW_DAG,
      's3:GetObjectVersion': AIRFLOW_DAG,
      's3:ListBucket': AIRFLOW_BUCKET,
      's3:ListBucketVersions': AIRFLOW_BUCKET,
      's3:GetBucketVersioning': AIRFLOW_BUCKET,
      's3:GetBucketPublicAccessBlock': AIRFLOW_BUCKET,
      's3:GetEncryptionConfiguration': AIRFLOW_BUCKET,
      's3:GetAccountPublicAccessBlock': ['*'],
      'logs:CreateLogGroup': AIRFLOW_LOGS,
      'logs:CreateLogStream': AIRFLOW_LOGS,
      'logs:PutLogEvents': AIRFLOW_LOGS,
      'logs:GetLogEvents': AIRFLOW_LOGS,
      'logs:GetLogRecord': AIRFLOW_LOGS,
      'logs:GetLogGroupFields': AIRFLOW_LOGS,
      'logs:GetQueryResults': AIRFLOW_LOGS,
      'logs:DescribeLogGroups': ['*'],
    },
  },
  {
    why: "MWAA's scheduler and workers communicate through a queue of the service",
    see: 'https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-create-role.html',
    callers: ['airflow'],
    calls: {
      'sqs:ChangeMessageVisibility': AIRFLOW_QUEUE,
      'sqs:DeleteMessage': AIRFLOW_QUEUE,
      'sqs:GetQueueAttributes': AIRFLOW_QUEUE,
      'sqs:GetQueueUrl': AIRFLOW_QUEUE,
      'sqs:ReceiveMessage': AIRFLOW_QUEUE,
      'sqs:SendMessage': AIRFLOW_QUEUE,
    },
  },
  {
    why: "MWAA encrypts that queue with the service's key",
    see: 'https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-create-role.html',
    callers: ['airflow'],
    calls: {
      'kms:Decrypt': AIRFLOW_KEY,
      'kms:DescribeKey': AIRFLOW_KEY,
      'kms:GenerateDataKey': AIRFLOW_KEY,
      'kms:Encrypt': AIRFLOW_KEY,
    },
    context: { 'kms:ViaService': 'sqs.us-east-1.amazonaws.com' },
  },
  {
    why: 'MWAA Serverless reads the definition and writes the log of tasks',
    see: 'https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/get-started-execution-role.html',
    callers: ['workflow'],
    calls: {
      's3:GetObject': ['{WorkflowBucket.Arn}/workflows/0a1b/pipeline.yaml'],
      'logs:CreateLogStream': ['{LOGS.Arn}:log-stream:x'],
      'logs:PutLogEvents': ['{LOGS.Arn}:log-stream:x'],
    },
  },
  {
    why: 'Grafana queries CloudWatch',
    see: 'https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonGrafanaCloudWatchAccess.html',
    callers: ['grafana'],
    calls: { 'cloudwatch:GetMetricData': ['*'], 'cloudwatch:ListMetrics': ['*'] },
  },
  {
    why: 'Grafana queries Managed Prometheus, and its alert rules notify a topic',
    see: 'https://docs.aws.amazon.com/grafana/latest/userguide/AMG-manage-permissions.html',
    callers: ['grafana'],
    calls: {
      'aps:QueryMetrics': PROMETHEUS,
      'aps:GetLabels': PROMETHEUS,
      'aps:GetSeries': PROMETHEUS,
      'aps:GetMetricMetadata': PROMETHEUS,
      'sns:Publish': ['{AlarmsTopic.TopicArn}'],
    },
  },
  {
    why: 'Grafana queries Athena, which writes results with its role',
    see: 'https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonGrafanaAthenaAccess.html',
    callers: ['grafana'],
    calls: {
      'athena:GetWorkGroup': WORKGROUP,
      'athena:StartQueryExecution': WORKGROUP,
      'athena:StopQueryExecution': WORKGROUP,
      'athena:GetQueryExecution': WORKGROUP,
      'athena:GetQueryResults': WORKGROUP,
      's3:GetBucketLocation': ['{GrafanaLakeResults.Arn}'],
      's3:ListBucket': ['{GrafanaLakeResults.Arn}'],
      's3:GetObject': QUERY_RESULT,
      's3:PutObject': QUERY_RESULT,
      's3:AbortMultipartUpload': QUERY_RESULT,
    },
  },
  {
    why: 'Athena looks up a table and its database',
    see: 'https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html',
    callers: ['grafana'],
    calls: {
      'glue:GetDatabase': [CATALOG, DATABASE],
      'glue:GetTable': [CATALOG, DATABASE, 'arn:aws:glue:REGION:ACCOUNT:table/PROJECT_STAGE/posts'],
    },
  },
  {
    why: 'Athena reads the posts',
    see: 'https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html',
    callers: ['grafana'],
    calls: { 's3:GetObject': ['{LakeBucket.Arn}/posts/interval=B/partition=0000.parquet'] },
  },
  {
    why: 'Athena lists them first',
    see: 'https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html',
    callers: ['grafana'],
    calls: { 's3:ListBucket': ['{LakeBucket.Arn}'] },
    context: { 's3:prefix': 'posts/interval=B/' },
  },
  {
    why: 'The network writes its flow logs',
    see: 'https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html',
    callers: ['flowLogs'],
    calls: {
      'logs:CreateLogStream': ['{NetworkFlowLogs.Arn}:log-stream:x'],
      'logs:PutLogEvents': ['{NetworkFlowLogs.Arn}:log-stream:x'],
      'logs:DescribeLogStreams': ['{NetworkFlowLogs.Arn}:log-stream:'],
    },
  },
];

export interface Names extends StageNames {
  /** ARNs of the assets that each upload copies and that Grafana's function reads. */
  readonly assets: Readonly<Partial<Record<Caller, readonly string[]>>>;
}

/** The list as single calls of a stage. */
export function serviceCalls({ assets, ...names }: Names, config: PipelineConfig): Call[] {
  const done = [...LIST, ...DEPLOYMENT].filter(({ where }) => where?.(config) ?? true);
  return done.flatMap(({ callers, calls, context, byCode }) =>
    callers.flatMap((caller) =>
      Object.entries(calls).flatMap(([action, resources]) =>
        (resources[0] === 'ASSETS' ? (assets[caller] ?? []) : resources).map((resource): Call => {
          const named = resource.replace('LOGS', logsOf(caller)).replace('CALLER', caller);
          return ofStage({ caller, action, resource: named, context, by: byCode ? undefined : 'service' }, names);
        }),
      ),
    ),
  );
}
