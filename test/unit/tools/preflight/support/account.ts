/** An account in which `prod` can be deployed: the responses of each service. */
import { json, jsonError, type Replies, type Reply, xml, xmlError, ec2List } from './aws-stub';

export const MURMUR3 = 'org.apache.cassandra.dht.Murmur3Partitioner';

const QUOTAS: Readonly<Record<string, number>> = {
  'L-EDD31C36': 90,
  'L-03FD6822': 60,
  'L-0263D0A3': 5,
  'L-F678F1CE': 5,
  'L-1B52E74A': 20,
  'L-29B6F2EB': 50,
  'L-D05C8A75': 100,
};

export const quotas =
  (changed: Readonly<Record<string, number>> = {}) =>
  (body: string): Reply => {
    const { QuotaCode } = JSON.parse(body) as { QuotaCode: string };
    return json({ Quota: { QuotaCode, Value: { ...QUOTAS, ...changed }[QuotaCode] } });
  };

export const caller = (account: string): Reply =>
  xml(
    `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::${account}:user/ann</Arn>` +
      `<UserId>A</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
  );

export const zones = (...names: readonly string[]): Reply =>
  ec2List(
    'DescribeAvailabilityZones',
    'availabilityZoneInfo',
    names.map((name) => `<zoneName>${name}</zoneName>`),
  );

export const offerings = (...names: readonly string[]): Reply =>
  ec2List(
    'DescribeInstanceTypeOfferings',
    'instanceTypeOfferingSet',
    names.map((name) => `<instanceType>m7g.large</instanceType><location>${name}</location>`),
  );

export const addresses = (count: number): Reply =>
  ec2List(
    'DescribeAddresses',
    'addressesSet',
    Array.from({ length: count }, (_, i) => `<publicIp>198.51.100.${i}</publicIp>`),
  );

export const vpcs = (count: number): Reply =>
  ec2List(
    'DescribeVpcs',
    'vpcSet',
    Array.from({ length: count }, (_, i) => `<vpcId>vpc-${i}</vpcId>`),
  );

export const gatewayEndpoints = (count: number): Reply =>
  ec2List(
    'DescribeVpcEndpoints',
    'vpcEndpointSet',
    Array.from({ length: count }, (_, i) => `<vpcEndpointId>vpce-${i}</vpcEndpointId>`),
  );

export const clusters = (...found: readonly { name: string; brokers: number }[]): Reply =>
  json({
    clusterInfoList: found.map(({ name, brokers }) => ({
      clusterName: name,
      clusterType: 'PROVISIONED',
      provisioned: { numberOfBrokerNodes: brokers },
    })),
  });

export const concurrency = (unreserved: number): Reply =>
  json({ AccountLimit: { ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: unreserved } });

export const noStack = (body: string): Reply =>
  xmlError('ValidationError', `Stack with id ${new URLSearchParams(body).get('StackName')} does not exist`);

const outputs = (name?: string) =>
  name === undefined ? '' : `<Outputs><member><ExportName>${name}</ExportName></member></Outputs>`;

export const imports = (...names: readonly string[]): Reply =>
  xml(
    `<ListImportsResponse><ListImportsResult><Imports>${names.map((name) => `<member>${name}</member>`).join('')}</Imports>` +
      '</ListImportsResult></ListImportsResponse>',
  );

/** Every stack in one status, and the export that each has. */
export const stacks =
  (status: string, exported: Readonly<Record<string, string>> = {}) =>
  (body: string): Reply =>
    xml(
      '<DescribeStacksResponse><DescribeStacksResult><Stacks><member>' +
        `<StackName>${new URLSearchParams(body).get('StackName')}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>` +
        outputs(exported[new URLSearchParams(body).get('StackName')!]) +
        `<StackStatus>${status}</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    );

export const role = (body: string): Reply =>
  xml(
    `<GetRoleResponse><GetRoleResult><Role><RoleName>${new URLSearchParams(body).get('RoleName')}</RoleName>` +
      '<Path>/</Path><RoleId>R</RoleId><Arn>arn:aws:iam::111111111111:role/r</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>' +
      '</Role></GetRoleResult></GetRoleResponse>',
  );

/** The part of MWAA's user guide that lists versions, and the one after it. */
export const airflowVersions = (...offered: readonly string[]): Reply => ({
  body: [
    '# Apache Airflow versions on Amazon MWAA',
    '## Apache Airflow versions\n<a name="airflow-versions-official"></a>\n',
    '| Apache Airflow version | Guide | Release date |\n| --- | --- | --- |',
    ...offered.map(
      (version) => `|  ${version}  |  [Apache Airflow ${version} reference](https://airflow.apache.org)  |  1 |`,
    ),
    '\n## Apache Airflow deprecated versions\n<a name="airflow-versions-deprecation"></a>\n',
    '| Apache Airflow version |\n| --- |\n|  v2.2.2  |',
  ].join('\n'),
});

/** Nothing is deployed, everything fits. */
export const READY: Replies = {
  GetCallerIdentity: caller('111111111111'),
  GetParameter: json({ Parameter: { Name: '/cdk-bootstrap/hnb659fds/version', Value: '30' } }),
  DescribeAvailabilityZones: zones('eu-central-1b', 'eu-central-1a', 'eu-central-1c'),
  DescribeInstanceTypeOfferings: offerings('eu-central-1c', 'eu-central-1b', 'eu-central-1a'),
  ListKafkaVersions: json({
    kafkaVersions: [
      { version: '3.9.x', status: 'ACTIVE' },
      { version: '4.1.x.kraft', status: 'ACTIVE' },
    ],
  }),
  ListVersions: json({ grafanaVersions: ['10.4', '12.4'] }),
  AirflowVersions: airflowVersions('v3.2.1', 'v3.0.6'),
  ListReleaseLabels: (body) =>
    json(
      body.includes('NextToken')
        ? { ReleaseLabels: ['emr-7.13.0'] }
        : { ReleaseLabels: ['emr-7.12.0'], NextToken: 'more' },
    ),
  GetDataLakeSettings: json({
    DataLakeSettings: {
      CreateDatabaseDefaultPermissions: [
        { Principal: { DataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' }, Permissions: ['ALL'] },
      ],
    },
  }),
  GetServiceQuota: quotas(),
  ListClustersV2: clusters({ name: 'other', brokers: 6 }),
  ListConfigurations: json({ configurations: [{ name: 'other' }] }),
  DescribeAddresses: addresses(3),
  DescribeVpcs: vpcs(1),
  DescribeVpcEndpoints: gatewayEndpoints(2),
  GetAccountSettings: concurrency(1_000),
  ListInstances: json({ Instances: [{ InstanceArn: 'arn:aws:sso:::instance/i', Status: 'ACTIVE' }] }),
  GetRole: role,
  DescribeStacks: noStack,
  GetResource: jsonError('ResourceNotFoundException', 'not found'),
};
