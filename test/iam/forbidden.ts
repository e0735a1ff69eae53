/** The forbidden calls of each role: one example for each guarantee of least privilege. */
import { type Caller, CALLERS, IN_NETWORK } from './callers';
import { type Call } from './roles';
import { ofStage, type StageNames } from './stage-names';

type Denied = readonly (readonly [action: string, ...resources: string[]])[];

const CLUSTER = '{KafkaCluster.Arn}';
const TOPIC = '{KafkaPosts.TopicArn}';
const GROUP = 'arn:aws:kafka:REGION:ACCOUNT:group/CLUSTER/PROJECT-STAGE-archive';
const GRAFANA = 'arn:aws:grafana:REGION:ACCOUNT:/workspaces/{GrafanaWorkspace.Id}';
const ANOTHER_APPLICATION = 'arn:aws:emr-serverless:REGION:ACCOUNT:/applications/another';
const ANOTHER_ASSET = 'arn:aws:s3:::cdk-hnb659fds-assets-ACCOUNT-REGION/another.zip';
const lake = (...keys: string[]) => keys.map((key) => `{LakeBucket.Arn}/${key}`);
const RAW = 'raw/posts/partition=0000/0-0.ndjson.zst';
const POSTS = 'posts/interval=B/partition=0000.parquet';
const SEAL = 'seals/interval=B.json';
const MANIFEST = 'manifests/interval=B.json';
const VIEW = 'views/interval=B/view.ndjson';
const DRIFT = 'drift/interval=B.json';
const JOB = 'jobs/batch_views.py';
const DEDUP = ['dedup-index/partition=0000/interval=B.parquet', 'incomplete-posts/partition=0000/interval=B.json'];
const QUARANTINE = 'quarantine/posts/partition=0000/0.json';
const EVERYWHERE = [RAW, POSTS, SEAL, MANIFEST, VIEW, DRIFT, JOB, QUARANTINE, ...DEDUP];
const SPEED = ['{ViewsSpeedLog}', '{ViewsSpeedHead}', '{ViewsSpeedRuns}', '{ViewsSpeedPosts}'];
const TABLES = {
  batch: '{ViewsBatchViews}',
  boundary: '{ViewsBoundary}',
};
const ALL_TABLES = [...SPEED, ...Object.values(TABLES)];

/** All keys of the lake except these. */
const but = (...keys: string[]) => lake(...EVERYWHERE.filter((key) => !keys.includes(key)));

const NO_KAFKA: Denied = [
  ['kafka-cluster:Connect', CLUSTER],
  ['kafka-cluster:ReadData', TOPIC],
  ['kafka-cluster:WriteData', TOPIC],
];
const NO_TABLE: Denied = [
  ['cassandra:Select', ...ALL_TABLES],
  ['cassandra:Modify', ...ALL_TABLES],
];
const NO_LAKE: Denied = [
  ['s3:GetObject', ...lake(...EVERYWHERE)],
  ['s3:PutObject', ...lake(...EVERYWHERE)],
  ['s3:ListBucket', '{LakeBucket.Arn}'],
];
/** The orchestrator of the batch layer starts its steps and its job. It may not access data or start anything else. */
const ORCHESTRATES_ONLY: Denied = [
  ...NO_KAFKA,
  ...NO_LAKE,
  ...NO_TABLE,
  [
    'lambda:InvokeFunction',
    '{StepsIngestFunction.Arn}',
    '{StepsArchiveFunction.Arn}',
    '{StepsAggregateFunction.Arn}',
    '{StepsQueryFunction.Arn}',
    'arn:aws:lambda:REGION:ACCOUNT:function:another',
  ],
  ['emr-serverless:StartJobRun', ANOTHER_APPLICATION],
  ['emr-serverless:CancelJobRun', `${ANOTHER_APPLICATION}/jobruns/0`],
  ['emr-serverless:UpdateApplication', '{SparkApplication.Arn}'],
  ['emr-serverless:StopApplication', '{SparkApplication.Arn}'],
];
/** A producer may write to the topic but not read it. Only pollers read. */
const PRODUCES_ONLY: Denied = [
  ['kafka-cluster:ReadData', TOPIC],
  ['kafka-cluster:AlterGroup', GROUP],
];

const FORBIDDEN: Readonly<Record<Caller, Denied>> = {
  ingest: [...PRODUCES_ONLY, ...NO_LAKE, ...NO_TABLE],
  archive: [
    ['kafka-cluster:WriteData', TOPIC],
    ['kafka-cluster:AlterGroup', 'arn:aws:kafka:REGION:ACCOUNT:group/CLUSTER/PROJECT-STAGE-aggregate'],
    // Archive only writes.
    ['s3:GetObject', ...lake(...EVERYWHERE)],
    ['s3:ListBucket', '{LakeBucket.Arn}'],
    ['s3:PutObject', ...but(RAW, QUARANTINE)],
    ...NO_TABLE,
  ],
  aggregate: [
    ['kafka-cluster:WriteData', TOPIC],
    ['kafka-cluster:AlterGroup', GROUP],
    ...NO_LAKE,
    ['cassandra:Select', TABLES.boundary, TABLES.batch],
    ['cassandra:Modify', TABLES.boundary, TABLES.batch],
  ],
  seal: [...PRODUCES_ONLY, ['s3:GetObject', ...but(SEAL)], ['s3:PutObject', ...but(SEAL)], ...NO_TABLE],
  compact: [
    ...NO_KAFKA,
    ['s3:PutObject', ...lake(RAW, SEAL, VIEW, DRIFT, JOB, QUARANTINE)],
    ['s3:GetObject', ...lake(VIEW, DRIFT, QUARANTINE)],
    ...NO_TABLE,
  ],
  publish: [
    ...NO_KAFKA,
    ['s3:GetObject', ...but(SEAL, VIEW)],
    ['s3:PutObject', ...lake(...EVERYWHERE)],
    ['cassandra:Select', ...SPEED],
    ['cassandra:Modify', ...SPEED],
  ],
  reconcile: [
    ...NO_KAFKA,
    ['s3:GetObject', ...but(SEAL)],
    ['s3:PutObject', ...but(DRIFT)],
    // A comparison that could change the compared data would prove nothing.
    ['cassandra:Modify', ...SPEED, TABLES.batch],
  ],
  query: [...NO_KAFKA, ...NO_LAKE, ['cassandra:Modify', ...ALL_TABLES], ['cassandra:Select', '{ViewsSpeedPosts}']],
  canary: [
    ...NO_KAFKA,
    ...NO_LAKE,
    ...NO_TABLE,
    [
      'lambda:InvokeFunction',
      '{StepsArchiveFunction.Arn}',
      '{StepsAggregateFunction.Arn}',
      '{StepsSealFunction.Arn}',
      '{StepsPublishFunction.Arn}',
    ],
    ['ec2:CreateNetworkInterface', 'arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-0'],
  ],
  spark: [
    ...NO_KAFKA,
    ['s3:PutObject', ...but(VIEW)],
    ['s3:GetObject', ...lake(RAW, QUARANTINE, DRIFT, SEAL, ...DEDUP)],
    ...NO_TABLE,
    ['lambda:InvokeFunction', '{StepsPublishFunction.Arn}'],
  ],
  stopper: [
    ...NO_KAFKA,
    ...NO_LAKE,
    ...NO_TABLE,
    ['emr-serverless:StopApplication', ANOTHER_APPLICATION],
    ['emr-serverless:CancelJobRun', `${ANOTHER_APPLICATION}/jobruns/0`],
    ['emr-serverless:StartJobRun', '{SparkApplication.Arn}'],
    ['emr-serverless:StartApplication', '{SparkApplication.Arn}'],
    ['emr-serverless:UpdateApplication', '{SparkApplication.Arn}'],
    ['emr-serverless:DeleteApplication', '{SparkApplication.Arn}'],
    ['cloudformation:DescribeStackResource', 'arn:aws:cloudformation:REGION:ACCOUNT:stack/another/0a1b'],
    ['lambda:InvokeFunction', '{StepsPublishFunction.Arn}'],
    ['iam:PassRole', '{SparkJobRole.Arn}'],
  ],
  airflow: [
    ...ORCHESTRATES_ONLY,
    ['s3:PutObject', '{AirflowBucket.Arn}/dags/pipeline.py'],
    ['s3:ListAllMyBuckets', '*'],
    // Keys of this account, and the service's key without the queue.
    ['kms:Decrypt', 'arn:aws:kms:REGION:ACCOUNT:key/0a1b', 'arn:aws:kms:REGION:111122223333:key/0a1b'],
    ['sqs:SendMessage', 'arn:aws:sqs:REGION:ACCOUNT:another'],
  ],
  workflow: [
    ...ORCHESTRATES_ONLY,
    ['s3:PutObject', '{WorkflowBucket.Arn}/workflows/0a1b/pipeline.yaml'],
    ['s3:DeleteObject', '{WorkflowBucket.Arn}/workflows/0a1b/pipeline.yaml'],
    ['s3:GetObject', '{WorkflowBucket.Arn}/another.yaml'],
  ],
  jobFiles: [
    ...NO_KAFKA,
    ...NO_TABLE,
    ['s3:GetObject', ...lake(...EVERYWHERE), ANOTHER_ASSET],
    ['s3:PutObject', ...but(JOB), '{AirflowBucket.Arn}/dags/pipeline.py'],
    // A running job may still read a file that this version no longer has.
    ['s3:DeleteObject', ...lake(...EVERYWHERE)],
  ],
  dagFiles: [
    ...NO_KAFKA,
    ...NO_TABLE,
    ...NO_LAKE,
    ['s3:GetObject', '{AirflowBucket.Arn}/dags/pipeline.py', ANOTHER_ASSET],
    ['s3:PutObject', '{AirflowBucket.Arn}/requirements.txt'],
  ],
  workflowFiles: [
    ...NO_KAFKA,
    ...NO_TABLE,
    ...NO_LAKE,
    ['s3:GetObject', '{WorkflowBucket.Arn}/workflows/0a1b/pipeline.yaml', ANOTHER_ASSET],
    ['s3:PutObject', '{WorkflowBucket.Arn}/another.yaml'],
    // The schedule may still use the previous version.
    ['s3:DeleteObject', '{WorkflowBucket.Arn}/workflows/0a1b/pipeline.yaml'],
  ],
  flowLogs: [...NO_KAFKA, ...NO_TABLE, ...NO_LAKE],
  mskNodes: [
    ...NO_KAFKA,
    ...NO_TABLE,
    ...NO_LAKE,
    ['kafka:GetBootstrapBrokers', CLUSTER],
    ['lambda:InvokeFunction', '{StepsPublishFunction.Arn}'],
  ],
  grafana: [
    ...NO_KAFKA,
    ...NO_TABLE,
    ['s3:GetObject', ...but(POSTS)],
    ['s3:PutObject', ...lake(...EVERYWHERE)],
    ['s3:DeleteObject', '{GrafanaLakeResults.Arn}/0a1b.csv'],
    // A workgroup without a limit, and a change of the limit of its workgroup.
    ['athena:StartQueryExecution', 'arn:aws:athena:REGION:ACCOUNT:workgroup/primary'],
    ['athena:UpdateWorkGroup', 'arn:aws:athena:REGION:ACCOUNT:workgroup/PROJECT-STAGE-boards'],
    ['glue:GetTable', 'arn:aws:glue:REGION:ACCOUNT:table/another/posts'],
    ['glue:UpdateTable', 'arn:aws:glue:REGION:ACCOUNT:table/PROJECT_STAGE/posts'],
    ['glue:DeleteTable', 'arn:aws:glue:REGION:ACCOUNT:table/PROJECT_STAGE/posts'],
    ['aps:QueryMetrics', 'arn:aws:aps:REGION:ACCOUNT:workspace/another'],
    ['aps:RemoteWrite', '{PrometheusWorkspace.Arn}'],
    ['cloudwatch:PutMetricData', '*'],
    ['sns:Publish', 'arn:aws:sns:REGION:ACCOUNT:another'],
    ['sns:Subscribe', '{AlarmsTopic.TopicArn}'],
    ['logs:StartQuery', '{StepsIngestLogs.Arn}'],
    ['lambda:InvokeFunction', '{StepsPublishFunction.Arn}'],
  ],
  grafanaContent: [
    ...NO_KAFKA,
    ...NO_TABLE,
    ...NO_LAKE,
    ['s3:GetObject', '{GrafanaLakeResults.Arn}/0a1b.csv', ANOTHER_ASSET],
    ['grafana:CreateWorkspaceServiceAccountToken', 'arn:aws:grafana:REGION:ACCOUNT:/workspaces/g-another'],
    ['grafana:UpdatePermissions', GRAFANA],
    ['grafana:UpdateWorkspace', GRAFANA],
    ['grafana:DeleteWorkspace', GRAFANA],
    ['iam:PassRole', '{GrafanaRole.Arn}'],
    ['sns:Publish', '{AlarmsTopic.TopicArn}'],
  ],
};

/** For every function in the network: Lambda manages interfaces, the code must not. */
const NO_INTERFACE: Denied = [
  ['ec2:CreateNetworkInterface', 'arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-0'],
  ['ec2:DeleteNetworkInterface', 'arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-0'],
  ['ec2:AssignPrivateIpAddresses', 'arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-0'],
  ['ec2:UnassignPrivateIpAddresses', 'arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-0'],
];

/** For every role. */
const NOBODY: Denied = [
  ['s3:DeleteObject', ...lake(RAW, POSTS, SEAL, MANIFEST, VIEW)],
  ['s3:DeleteObjectVersion', ...lake(RAW, POSTS)],
  ['s3:PutBucketPolicy', '{LakeBucket.Arn}'],
  ['s3:PutLifecycleConfiguration', '{LakeBucket.Arn}'],
  ['kafka-cluster:DeleteTopic', TOPIC],
  ['kafka-cluster:AlterTopic', TOPIC],
  ['kafka-cluster:AlterCluster', CLUSTER],
  ['kafka:DeleteCluster', CLUSTER],
  ['cassandra:Drop', ...ALL_TABLES],
  ['cassandra:Alter', ...ALL_TABLES],
  ['cassandra:Modify', 'keyspace/system/table/local'],
  ['lambda:UpdateFunctionCode', '{StepsIngestFunction.Arn}', '{StepsPublishFunction.Arn}'],
  ['lambda:UpdateFunctionConfiguration', '{StepsIngestFunction.Arn}'],
  ['lambda:AddPermission', '{StepsIngestFunction.Arn}'],
  // Resources of another deployment or another app in the account.
  ['s3:GetObject', 'arn:aws:s3:::another/key'],
  ['s3:PutObject', 'arn:aws:s3:::another/key'],
  ['cassandra:Select', 'keyspace/another/table/batch_views'],
  ['cassandra:Modify', 'keyspace/another/table/batch_views'],
  ['kafka-cluster:Connect', 'arn:aws:kafka:REGION:ACCOUNT:cluster/another/0a1b'],
  ['kafka-cluster:WriteData', 'arn:aws:kafka:REGION:ACCOUNT:topic/CLUSTER/another'],
  ['kafka-cluster:ReadData', 'arn:aws:kafka:REGION:ACCOUNT:topic/CLUSTER/another'],
  ['iam:PutRolePolicy', '{StepsIngestRole.Arn}', '{AirflowRole.Arn}', '{WorkflowRole.Arn}'],
  ['iam:PassRole', '{AirflowRole.Arn}', '{WorkflowRole.Arn}', '{StepsPublishRole.Arn}'],
  ['sts:AssumeRole', '{SparkJobRole.Arn}', '{AirflowRole.Arn}', '{WorkflowRole.Arn}'],
  ['logs:DeleteLogGroup', '{StepsIngestLogs.Arn}:log-stream:'],
  ['logs:PutLogEvents', 'arn:aws:logs:REGION:ACCOUNT:log-group:another:log-stream:x'],
];

/** Conditions limit listing by prefix and passing a role to one service: a violation of each condition. */
const CONDITIONS: readonly Call[] = [
  ...(
    [
      ['seal', 'posts/'],
      ['seal', 'views/'],
      ['compact', 'views/'],
      ['compact', 'quarantine/'],
      ['publish', 'raw/'],
      ['publish', 'posts/'],
      ['reconcile', 'raw/'],
      ['spark', 'raw/'],
      ['spark', 'dedup-index/'],
      ['grafana', 'raw/'],
      ['grafana', 'views/'],
    ] as const
  ).map(([caller, prefix]) => list(caller, prefix)),
  // Without a prefix the list would contain every object.
  ...(['seal', 'compact', 'publish', 'reconcile', 'spark', 'grafana'] as const).map((caller) => list(caller, '')),
  ...(['airflow', 'workflow'] as const).flatMap((caller) =>
    ['lambda.amazonaws.com', 'ec2.amazonaws.com'].map((service): Call => ({
      caller,
      action: 'iam:PassRole',
      resource: '{SparkJobRole.Arn}',
      context: { 'iam:PassedToService': service },
    })),
  ),
  ...(
    [
      ['PROJECT', 'another'],
      ['another', 'STAGE'],
    ] as const
  ).map(([project, stage]): Call => ({
    caller: 'stopper',
    action: 'emr-serverless:StopApplication',
    resource: ANOTHER_APPLICATION,
    context: { 'aws:ResourceTag/project': project, 'aws:ResourceTag/stage': stage },
  })),
  // The topic's policy.
  {
    caller: 'grafana',
    action: 'sns:Publish',
    resource: '{AlarmsTopic.TopicArn}',
    context: { 'aws:SecureTransport': 'false' },
  },
  ...(
    [
      ['archive', 's3:PutObject', RAW],
      ['compact', 's3:GetObject', RAW],
      ['spark', 's3:PutObject', VIEW],
    ] as const
  ).map(([caller, action, key]): Call => ({
    caller,
    action,
    resource: lake(key)[0],
    // The bucket's policy.
    context: { 'aws:SecureTransport': 'false' },
  })),
];

function list(caller: Caller, prefix: string): Call {
  return { caller, action: 's3:ListBucket', resource: '{LakeBucket.Arn}', context: { 's3:prefix': prefix } };
}

/** The lists as single calls of a stage. */
export function forbiddenCalls(names: StageNames): Call[] {
  const denied = (caller: Caller) => [
    ...FORBIDDEN[caller],
    ...NOBODY,
    ...(IN_NETWORK.includes(caller) ? NO_INTERFACE : []),
  ];
  const single = CALLERS.flatMap((caller) =>
    denied(caller).flatMap(([action, ...resources]) =>
      resources.map((resource): Call => ({ caller, action, resource })),
    ),
  );
  return [...single, ...CONDITIONS].map((call) => ofStage(call, names));
}
