/** Calls during the deployment or deletion of a stack, which a local run does not make. Each has the page that documents it. */
import { type ServiceCalls } from './callers';

const CLUSTER = ['{KafkaCluster.Arn}'];
const AIRFLOW_BUCKET = ['{AirflowBucket.Arn}'];
const AIRFLOW_DAG = ['{AirflowBucket.Arn}/dags/pipeline.py'];
const GRAFANA = ['arn:aws:grafana:REGION:ACCOUNT:/workspaces/{GrafanaWorkspace.Id}'];
const REPLACED_APPLICATION = 'arn:aws:emr-serverless:REGION:ACCOUNT:/applications/replaced';

const STOP_APPLICATION = 'https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_StopApplication.html';
const CDK_UPLOAD = 'https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_deployment-readme.html';

export const DEPLOYMENT: readonly ServiceCalls[] = [
  {
    why: 'During a deployment, a function looks up the brokers for the scraper of Managed Prometheus',
    see: 'https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-nodes.html',
    callers: ['mskNodes'],
    byCode: true,
    calls: { 'kafka:ListNodes': CLUSTER },
  },
  {
    why: "CDK's function fetches the asset of an upload",
    see: CDK_UPLOAD,
    callers: ['jobFiles', 'dagFiles', 'workflowFiles'],
    calls: { 's3:GetObject': ['ASSETS'] },
  },
  {
    why: 'It copies new files of the job',
    see: CDK_UPLOAD,
    callers: ['jobFiles'],
    calls: { 's3:PutObject': ['{LakeBucket.Arn}/jobs/batch_views.py'] },
  },
  {
    why: 'It lists the existing files first',
    see: CDK_UPLOAD,
    callers: ['jobFiles'],
    calls: { 's3:ListBucket': ['{LakeBucket.Arn}'] },
    context: { 's3:prefix': 'jobs/' },
  },
  {
    why: 'It copies new files of the workflow',
    see: CDK_UPLOAD,
    callers: ['workflowFiles'],
    calls: { 's3:PutObject': ['{WorkflowBucket.Arn}/workflows/0a1b/pipeline.yaml'] },
  },
  {
    why: 'It lists the existing files first',
    see: CDK_UPLOAD,
    callers: ['workflowFiles'],
    calls: { 's3:ListBucket': ['{WorkflowBucket.Arn}'] },
    context: { 's3:prefix': 'workflows/' },
  },
  {
    why: 'It copies new DAGs, and deletes removed ones',
    see: CDK_UPLOAD,
    callers: ['dagFiles'],
    calls: { 's3:PutObject': AIRFLOW_DAG, 's3:DeleteObject': AIRFLOW_DAG },
  },
  {
    why: 'It lists the existing files first',
    see: CDK_UPLOAD,
    callers: ['dagFiles'],
    calls: { 's3:ListBucket': AIRFLOW_BUCKET },
    context: { 's3:prefix': 'dags/' },
  },
  {
    why: 'It writes its log',
    see: 'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html',
    callers: ['jobFiles', 'dagFiles', 'workflowFiles'],
    calls: {
      'logs:CreateLogStream': ['{LOGS.Arn}:log-stream:x'],
      'logs:PutLogEvents': ['{LOGS.Arn}:log-stream:x'],
    },
  },
  {
    why: 'Before an update of the Spark application, the function looks it up in its stack',
    see: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResource.html',
    callers: ['stopper'],
    byCode: true,
    calls: {
      'cloudformation:DescribeStackResource': [
        'arn:aws:cloudformation:REGION:ACCOUNT:stack/PROJECT-STAGE-processing/local',
      ],
    },
  },
  {
    why: 'The function knows a replaced application only by its tags, and must stop it before its deletion',
    see: STOP_APPLICATION,
    callers: ['stopper'],
    byCode: true,
    calls: {
      'emr-serverless:GetApplication': [REPLACED_APPLICATION],
      'emr-serverless:ListJobRuns': [REPLACED_APPLICATION],
      'emr-serverless:StopApplication': [REPLACED_APPLICATION],
    },
    context: { 'aws:ResourceTag/project': 'PROJECT', 'aws:ResourceTag/stage': 'STAGE' },
  },
  {
    why: 'Before its deletion the function stops the Spark application by its id, and cancels its jobs',
    see: STOP_APPLICATION,
    callers: ['stopper'],
    byCode: true,
    calls: {
      'emr-serverless:GetApplication': ['{SparkApplication.Arn}'],
      'emr-serverless:ListJobRuns': ['{SparkApplication.Arn}'],
      'emr-serverless:StopApplication': ['{SparkApplication.Arn}'],
      'emr-serverless:CancelJobRun': ['{SparkApplication.Arn}/jobruns/0'],
    },
  },
  {
    why: "The function reads Grafana's content",
    see: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html',
    callers: ['grafanaContent'],
    byCode: true,
    calls: { 's3:GetObject': ['ASSETS'] },
  },
  {
    why: 'It applies the content with the token of a service account, and deletes both',
    see: 'https://docs.aws.amazon.com/grafana/latest/userguide/service-accounts.html',
    callers: ['grafanaContent'],
    byCode: true,
    calls: {
      'grafana:ListWorkspaceServiceAccounts': GRAFANA,
      'grafana:CreateWorkspaceServiceAccount': GRAFANA,
      'grafana:CreateWorkspaceServiceAccountToken': GRAFANA,
      'grafana:DeleteWorkspaceServiceAccountToken': GRAFANA,
      'grafana:DeleteWorkspaceServiceAccount': GRAFANA,
    },
  },
];
