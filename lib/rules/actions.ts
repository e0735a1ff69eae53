/**
 * What policies of this project may name. A right that is new needs a line here, so that whoever reviews sees it; and a
 * mistyped one, which CloudFormation takes and which then allows nothing, is found by synth.
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
  'kms:GenerateDataKey*': 'with and without plain text; MWAA demands both for the queue of its workers',
  's3:DeleteObject*': "CDK's function that empties a bucket before its deletion: objects and versions",
  's3:GetBucket*': 'as above, in the policy of the bucket',
  's3:List*': 'as above, in the policy of the bucket',
};

/** Actions on every resource, each with its reason. */
export const ANY_RESOURCE: Readonly<Record<string, string>> = {
  'ec2:CreateNetworkInterface': 'Lambda checks it on all before it puts a function into the network',
  'ec2:DeleteNetworkInterface': 'as above',
  'ec2:AssignPrivateIpAddresses': 'as above',
  'ec2:UnassignPrivateIpAddresses': 'as above',
  'ec2:DescribeNetworkInterfaces': 'knows no resource',
  'ec2:DescribeSubnets': 'knows no resource',
  'ec2:DescribeVpcs': 'knows no resource',
  'ec2:DescribeSecurityGroups': 'knows no resource',
  'ec2:DescribeVpcEndpoints': 'knows no resource',
  'xray:PutTraceSegments': 'knows no resource',
  'xray:PutTelemetryRecords': 'knows no resource',
  'logs:DescribeLogGroups': 'asks about all groups of the account',
  's3:GetAccountPublicAccessBlock': 'is about the account',
  'cloudwatch:PutMetricData': 'knows no resource',
  'cloudwatch:GetMetricData': 'knows no resource: metrics are read over all of the account or not at all',
  'cloudwatch:ListMetrics': 'as above',
};

/** Actions on every resource but some, each with its reason. */
export const ANY_OTHER_RESOURCE: Readonly<Record<string, string>> = {
  'kms:Decrypt': "the key of MWAA's queue is in an account of the service: any but this one, and by way of SQS only",
  'kms:DescribeKey': 'as above',
  'kms:Encrypt': 'as above',
  'kms:GenerateDataKey*': 'as above',
};
