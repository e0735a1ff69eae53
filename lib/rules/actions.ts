/**
 * The actions that policies of this project may name. A new permission needs a line here, so that a reviewer sees it. Synth also finds
 * a mistyped action, which CloudFormation accepts and which then allows nothing.
 */

/** Actions by service. */
const BY_SERVICE: Readonly<Record<string, readonly string[]>> = {
  airflow: ['PublishMetrics'],
  aps: ['GetLabels', 'GetMetricMetadata', 'GetSeries', 'QueryMetrics'],
  athena: ['GetQueryExecution', 'GetQueryResults', 'GetWorkGroup', 'StartQueryExecution', 'StopQueryExecution'],
  cassandra: ['Select', 'Modify'],
  cloudformation: ['DescribeStackResource'],
  cloudwatch: ['GetMetricData', 'ListMetrics', 'PutMetricData'],
  ec2: [
    'AssignPrivateIpAddresses',
    'CreateNetworkInterface',
    'DeleteNetworkInterface',
    'DescribeNetworkInterfaces',
    'DescribeSecurityGroups',
    'DescribeSubnets',
    'DescribeVpcEndpoints',
    'DescribeVpcs',
    'UnassignPrivateIpAddresses',
    // CDK's function that empties the default security group.
    'AuthorizeSecurityGroupEgress',
    'AuthorizeSecurityGroupIngress',
    'RevokeSecurityGroupEgress',
    'RevokeSecurityGroupIngress',
  ],
  'emr-serverless': [
    'CancelJobRun',
    'GetApplication',
    'GetDashboardForJobRun',
    'GetJobRun',
    'ListJobRuns',
    'StartApplication',
    'StartJobRun',
    'StopApplication',
  ],
  glue: ['GetDatabase', 'GetTable'],
  grafana: [
    'CreateWorkspaceServiceAccount',
    'CreateWorkspaceServiceAccountToken',
    'DeleteWorkspaceServiceAccount',
    'DeleteWorkspaceServiceAccountToken',
    'ListWorkspaceServiceAccounts',
  ],
  iam: ['PassRole'],
  kafka: ['DescribeClusterV2', 'GetBootstrapBrokers', 'ListNodes'],
  'kafka-cluster': [
    'AlterGroup',
    'Connect',
    'DescribeClusterDynamicConfiguration',
    'DescribeGroup',
    'DescribeTopic',
    'ReadData',
    'WriteData',
    'WriteDataIdempotently',
  ],
  kms: ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey'],
  lambda: ['InvokeFunction'],
  logs: [
    'CreateLogGroup',
    'CreateLogStream',
    'DescribeLogGroups',
    'DescribeLogStreams',
    'GetLogEvents',
    'GetLogGroupFields',
    'GetLogRecord',
    'GetQueryResults',
    'PutLogEvents',
  ],
  s3: [
    'AbortMultipartUpload',
    'DeleteObject',
    'GetAccountPublicAccessBlock',
    'GetBucketLocation',
    'GetBucketPublicAccessBlock',
    'GetBucketVersioning',
    'GetEncryptionConfiguration',
    'GetObject',
    'GetObjectVersion',
    'ListAllMyBuckets',
    'ListBucket',
    'ListBucketVersions',
    'PutBucketPolicy',
    'PutObject',
  ],
  sqs: [
    'ChangeMessageVisibility',
    'DeleteMessage',
    'GetQueueAttributes',
    'GetQueueUrl',
    'ReceiveMessage',
    'SendMessage',
  ],
  sns: ['GetTopicAttributes', 'Publish'],
  xray: ['PutTelemetryRecords', 'PutTraceSegments'],
};

/** Every action, as `service:Action`, without those that have a wildcard. */
export const ACTIONS: readonly string[] = Object.entries(BY_SERVICE).flatMap(([service, names]) =>
  names.map((name) => `${service}:${name}`),
);

/** Actions with a wildcard, each with its reason. */
export const WILDCARD_ACTIONS: Readonly<Record<string, string>> = {
  'kms:GenerateDataKey*': 'with and without plain text; MWAA requires both for the queue of its workers',
  's3:DeleteObject*': "CDK's function that empties a bucket before its deletion: objects and versions",
  's3:GetBucket*': 'as above, in the policy of the bucket',
  's3:List*': 'as above, in the policy of the bucket',
};

/** Actions on every resource, each with its reason. */
export const ANY_RESOURCE: Readonly<Record<string, string>> = {
  'ec2:CreateNetworkInterface': 'Lambda checks it on every resource before it connects a function to the network',
  'ec2:DeleteNetworkInterface': 'as above',
  'ec2:AssignPrivateIpAddresses': 'as above',
  'ec2:UnassignPrivateIpAddresses': 'as above',
  'ec2:DescribeNetworkInterfaces': 'has no resource',
  'ec2:DescribeSubnets': 'has no resource',
  'ec2:DescribeVpcs': 'has no resource',
  'ec2:DescribeSecurityGroups': 'has no resource',
  'ec2:DescribeVpcEndpoints': 'has no resource',
  'xray:PutTraceSegments': 'has no resource',
  'xray:PutTelemetryRecords': 'has no resource',
  'logs:DescribeLogGroups': 'lists all groups of the account',
  's3:GetAccountPublicAccessBlock': 'is about the account',
  'cloudwatch:PutMetricData': 'has no resource',
  'cloudwatch:GetMetricData': 'has no resource: metrics are readable across the account or not at all',
  'cloudwatch:ListMetrics': 'as above',
};

/** Actions on every resource except some, each with its reason. */
export const ANY_OTHER_RESOURCE: Readonly<Record<string, string>> = {
  'kms:Decrypt':
    "the key of MWAA's queue is in an account of the service: any account but this one, and through SQS only",
  'kms:DescribeKey': 'as above',
  'kms:Encrypt': 'as above',
  'kms:GenerateDataKey*': 'as above',
};
