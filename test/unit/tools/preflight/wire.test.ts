/** Preflight over real SDK clients: the services' responses make each check pass and fail. */
import { awsAccount } from '../../../../tools/preflight/aws';
import { check, type Place } from '../../../../tools/preflight/checks';
import { gather } from '../../../../tools/preflight/gather';
import { type Needs, needsOf } from '../../../../tools/preflight/needs';
import { asLine, type Result } from '../../../../tools/preflight/result';
import { synthesized } from '../../../support/synth';
import * as account from './support/account';
import { type AwsStub, awsStub, ec2Error, json, jsonError, type Replies, xmlError } from './support/aws-stub';

const REGION = 'eu-central-1';
const PLACE: Place = { account: '111111111111', region: REGION, availabilityZones: 3 };

let needs: Needs;
let stub: AwsStub | undefined;
const before = { ...process.env };

beforeAll(() => {
  needs = needsOf(synthesized({ stage: 'prod' }).stacks);
});
beforeEach(() => {
  Object.assign(process.env, { AWS_REGION: REGION, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' });
});
afterEach(async () => {
  process.env = { ...before };
  await stub?.close();
});

interface Case {
  readonly replies?: Replies;
  readonly partitioner?: () => Promise<string>;
  readonly place?: Partial<Place>;
  readonly needs?: Partial<Needs>;
}

async function results(given: Case = {}): Promise<readonly Result[]> {
  stub = await awsStub({ ...account.READY, ...given.replies });
  const aws = {
    ...awsAccount(given.place && 'region' in given.place ? given.place.region : REGION, stub.endpoint),
    partitioner: given.partitioner ?? (() => Promise.resolve(account.MURMUR3)),
  };
  const all = { ...needs, ...given.needs };
  return check({ ...PLACE, ...given.place }, all, await gather(aws, all));
}

const failed = async (given: Case) => (await results(given)).filter(({ ok }) => !ok).map(asLine);

test('a ready account passes every check, one line each', async () => {
  const found = await results();
  expect(found.filter(({ ok }) => !ok)).toEqual([]);
  expect(found.map(asLine)).toEqual(
    expect.arrayContaining([
      'ok    credentials: arn:aws:iam::111111111111:user/ann in account 111111111111',
      'ok    region: eu-central-1',
      'ok    bootstrap: version 30',
      'ok    zones: 3 of eu-central-1a, eu-central-1b, eu-central-1c',
      'ok    broker type kafka.m7g.large: is offered in eu-central-1a, eu-central-1b, eu-central-1c',
      'ok    Kafka version 4.1.x.kraft: is offered',
      'ok    Grafana version 12.4: is offered',
      'ok    Airflow version 3.2.1: is offered',
      'ok    EMR release emr-7.13.0: is offered',
      'ok    Lake Formation: leaves new databases to IAM',
      'ok    quota of MSK brokers in the account: 90, of which 6 in use and 3 more needed',
      'ok    quota of Elastic IP addresses: 5, of which 3 in use and 2 more needed',
      'ok    Lambda concurrency: 1000 unreserved, 100 to be reserved, 100 must remain unreserved',
      'ok    Keyspaces partitioner: Murmur3Partitioner',
      'ok    service-linked role AWSServiceRoleForKafka: exists',
      'ok    stack pinterest-prod-storage: is new',
      'ok    name pinterest_prod (AWS::Cassandra::Keyspace): is free',
    ]),
  );
  expect(new Set(found.map(({ check: name }) => name)).size).toBe(found.length);
});

describe('a failed check is reported with a remedy', () => {
  const cases: readonly (readonly [string, Case, readonly string[]])[] = [
    [
      'another account',
      { replies: { GetCallerIdentity: account.caller('222222222222') } },
      [
        'FAIL  credentials: account 222222222222, but the configuration has 111111111111 → log in to 111111111111, or set -c account=222222222222',
      ],
    ],
    [
      'another region',
      { place: { region: 'us-east-1' } },
      [
        'FAIL  region: the environment has eu-central-1, the configuration us-east-1 → set AWS_REGION=us-east-1, or -c region=eu-central-1',
      ],
    ],
    [
      'no bootstrap',
      { replies: { GetParameter: jsonError('ParameterNotFound', '') } },
      ['FAIL  bootstrap: the region is not bootstrapped → run: npx cdk bootstrap'],
    ],
    [
      'an old bootstrap',
      { replies: { GetParameter: json({ Parameter: { Value: '5' } }) } },
      ['FAIL  bootstrap: version 5 is one of 1, 2, 3, 4, 5, which are too old → run: npx cdk bootstrap'],
    ],
    [
      'too few zones',
      { replies: { DescribeAvailabilityZones: account.zones('eu-central-1a', 'eu-central-1b') } },
      [
        'FAIL  zones: 2 are available (eu-central-1a, eu-central-1b), 3 are needed → set -c availabilityZones=2, or choose another region',
      ],
    ],
    [
      'a zone without the brokers',
      { replies: { DescribeInstanceTypeOfferings: account.offerings('eu-central-1a', 'eu-central-1c') } },
      ['FAIL  broker type kafka.m7g.large: is not offered in eu-central-1b → set another -c brokerInstance=…'],
    ],
    [
      'versions that are not offered',
      {
        replies: {
          ListVersions: json({ grafanaVersions: ['10.4'] }),
          AirflowVersions: account.airflowVersions('v3.0.6', 'v2.11.0'),
          ListReleaseLabels: json({ ReleaseLabels: ['emr-7.12.0'] }),
        },
      },
      [
        'FAIL  Grafana version 12.4: is not among 10.4 → choose another region, or change lib/constructs/grafana-workspace.ts',
        'FAIL  EMR release emr-7.13.0: is not among emr-7.12.0 → choose another region, or change lib/constructs/spark-application.ts',
        'FAIL  Airflow version 3.2.1: is not among 3.0.6, 2.11.0 of https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-versions.md → change lib/constructs/airflow-environment.ts',
      ],
    ],
    [
      'a catalog that Lake Formation governs',
      { replies: { GetDataLakeSettings: json({ DataLakeSettings: {} }) } },
      [
        "FAIL  Lake Formation: governs new databases, so that Grafana may not query the posts → after the deployment grant Grafana's role DESCRIBE on the database and SELECT on its table posts, or set -c grafana=none",
      ],
    ],
    [
      'a Kafka version that is deprecated',
      {
        replies: {
          ListKafkaVersions: json({
            kafkaVersions: [
              { version: '4.1.x.kraft', status: 'DEPRECATED' },
              { version: '4.2.x.kraft', status: 'ACTIVE' },
            ],
          }),
        },
      },
      [
        'FAIL  Kafka version 4.1.x.kraft: is not among 4.2.x.kraft → choose another region, or change lib/constructs/kafka-cluster.ts',
      ],
    ],
    [
      'too few brokers left',
      { replies: { ListClustersV2: account.clusters({ name: 'a', brokers: 60 }, { name: 'b', brokers: 28 }) } },
      [
        'FAIL  quota of MSK brokers in the account: 90, of which 88 in use and 3 more needed → request at least 91: aws service-quotas request-service-quota-increase --service-code kafka --quota-code L-EDD31C36 --desired-value 91',
      ],
    ],
    [
      'too few addresses left',
      { replies: { DescribeAddresses: account.addresses(4) } },
      [
        'FAIL  quota of Elastic IP addresses: 5, of which 4 in use and 2 more needed → request at least 6: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0263D0A3 --desired-value 6',
      ],
    ],
    [
      'no VPC left',
      { replies: { DescribeVpcs: account.vpcs(5) } },
      [expect.stringMatching(/^FAIL {2}quota of VPCs: 5, of which 5 in use and 1 more needed → request at least 6/)],
    ],
    [
      'no gateway endpoint left',
      { replies: { DescribeVpcEndpoints: account.gatewayEndpoints(20) } },
      [expect.stringMatching(/^FAIL {2}quota of gateway endpoints: 20, of which 20 in use and 1 more needed/)],
    ],
    [
      'small quotas without a usage to count',
      { replies: { GetServiceQuota: account.quotas({ 'L-03FD6822': 2, 'L-29B6F2EB': 2, 'L-D05C8A75': 16 }) } },
      [
        expect.stringMatching(/^FAIL {2}quota of brokers of a KRaft cluster: 2, of which 0 in use and 3 more needed/),
        expect.stringMatching(/^FAIL {2}quota of interface endpoints of a VPC: 2, of which 0 in use and 3 more needed/),
        expect.stringMatching(/^FAIL {2}quota of vCPUs of EMR Serverless at once: 16, of which 0 in use and 64 more/),
      ],
    ],
    [
      'too little concurrency',
      { replies: { GetAccountSettings: account.concurrency(199) } },
      [
        'FAIL  Lambda concurrency: 199 unreserved, 100 to be reserved, 100 must remain unreserved → request at least 1 more: quota L-B99A9384 of lambda; or lower -c ingestConcurrency=…',
      ],
    ],
    [
      'another partitioner',
      { partitioner: () => Promise.resolve('com.amazonaws.cassandra.DefaultPartitioner') },
      [
        "FAIL  Keyspaces partitioner: com.amazonaws.cassandra.DefaultPartitioner → run in CQL: UPDATE system.local SET partitioner='org.apache.cassandra.dht.Murmur3Partitioner' WHERE key='local'; it takes ten minutes",
      ],
    ],
    [
      'no Identity Center, but Grafana needs it',
      { needs: { identityCenter: true }, replies: { ListInstances: json({ Instances: [] }) } },
      [
        'FAIL  Identity Center: is not enabled, but Grafana needs it for its users → enable it in the console, or set -c grafana=none',
      ],
    ],
    [
      'a missing role',
      {
        replies: {
          GetRole: (body) =>
            body.includes('AWSServiceRoleForAmazonMWAA')
              ? xmlError('NoSuchEntity', 'no such role')
              : account.role(body),
        },
      },
      [
        'FAIL  service-linked role AWSServiceRoleForAmazonMWAA: is missing → run: aws iam create-service-linked-role --aws-service-name airflow.amazonaws.com',
      ],
    ],
    [
      'a cluster and a configuration left behind',
      {
        replies: {
          ListClustersV2: account.clusters({ name: 'pinterestprodstorageKafka0961C9AD', brokers: 3 }),
          ListConfigurations: json({ configurations: [{ name: 'pinterestprodstorageKafka0961C9AD' }] }),
        },
      },
      [
        'FAIL  name pinterestprodstorageKafka0961C9AD (AWS::MSK::Configuration): is taken, but not by stack pinterest-prod-storage → delete or import the resource, or set another -c project=…',
        'FAIL  name pinterestprodstorageKafka0961C9AD (AWS::MSK::Cluster): is taken, but not by stack pinterest-prod-storage → delete or import the resource, or set another -c project=…',
      ],
    ],
    [
      'a keyspace left behind',
      {
        replies: {
          GetResource: (body) =>
            body.includes('AWS::Cassandra::Keyspace')
              ? json({ TypeName: 'AWS::Cassandra::Keyspace', ResourceDescription: { Identifier: 'pinterest_prod' } })
              : jsonError('ResourceNotFoundException', 'not found'),
        },
      },
      [
        'FAIL  name pinterest_prod (AWS::Cassandra::Keyspace): is taken, but not by stack pinterest-prod-storage → delete or import the resource, or set another -c project=…',
      ],
    ],
  ];

  test.each(cases)('%s', async (_, given, lines) => {
    expect(await failed(given)).toEqual(lines);
  });
});

describe('existing stacks', () => {
  const TAKEN = json({ TypeName: 'T', ResourceDescription: { Identifier: 'x' } });

  test('are updated: their names and their usage belong to them', async () => {
    const replies: Replies = {
      DescribeStacks: account.stacks('UPDATE_COMPLETE'),
      GetResource: TAKEN,
      DescribeVpcs: account.vpcs(5),
      GetAccountSettings: account.concurrency(100),
    };
    const found = await results({ replies });
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
    expect(found.map(asLine)).toEqual(
      expect.arrayContaining([
        'ok    stack pinterest-prod-network: exists (UPDATE_COMPLETE) and is updated; a second deployment needs another -c project=…',
        'ok    quota of VPCs: 5, of which 5 in use and 0 more needed',
        'ok    name pinterest_prod (AWS::Cassandra::Keyspace): belongs to stack pinterest-prod-storage',
      ]),
    );
  });

  test('that were never created have no name and no usage', async () => {
    const replies = { DescribeStacks: account.stacks('ROLLBACK_COMPLETE'), GetResource: TAKEN };
    const lines = (await results({ replies })).map(asLine);
    expect(lines).toContain(
      'ok    stack pinterest-prod-network: was never created (ROLLBACK_COMPLETE): it is created again',
    );
    expect(lines).toContain('ok    quota of VPCs: 5, of which 1 in use and 1 more needed');
    expect(lines).toContainEqual(expect.stringMatching(/^FAIL {2}name pinterest_prod .*is taken, but not by stack/));
  });

  test.each([
    ['UPDATE_IN_PROGRESS', 'is UPDATE_IN_PROGRESS → wait until it is done'],
    [
      'UPDATE_ROLLBACK_FAILED',
      'is UPDATE_ROLLBACK_FAILED → see its events in CloudFormation; continue the rollback or the deletion',
    ],
    ['DELETE_FAILED', 'is DELETE_FAILED → see its events in CloudFormation; continue the rollback or the deletion'],
  ])('in status %s stop the deployment', async (status, text) => {
    const lines = await failed({ replies: { DescribeStacks: account.stacks(status) } });
    expect(lines).toEqual(needs.stacks.map(({ name }) => `FAIL  stack ${name}: ${text}`));
  });
});

describe('an export that the deployment removes', () => {
  const PROCESSING = 'pinterest-prod-processing';
  const removed = (ListImports: Replies[string], exported = 'gone'): Replies => ({
    DescribeStacks: account.stacks('UPDATE_COMPLETE', { [PROCESSING]: exported }),
    GetResource: json({}),
    ListImports,
  });

  test.each([
    [
      'of this deployment is given up first',
      'pinterest-prod-observability',
      'run first, with the same -c: npx cdk deploy pinterest-prod-observability --exclusively',
    ],
    [
      'that the deployment has no more is deleted first',
      'pinterest-prod-orchestrator',
      'delete pinterest-prod-orchestrator first, which this deployment has no more',
    ],
  ])('and is imported by a stack %s', async (_, importer, remedy) => {
    const lines = await failed({ replies: removed(account.imports(importer)) });
    expect(lines).toEqual([`FAIL  exports of stack ${PROCESSING}: ${importer} import what is removed → ${remedy}`]);
  });

  test('and that nobody imports is no problem', async () => {
    const nobody = xmlError('ValidationError', "Export 'gone' is not imported by any stack.");
    expect(await failed({ replies: removed(nobody) })).toEqual([]);
  });

  test('is none that the template still has', async () => {
    const [name] = needs.stacks.find((stack) => stack.name === PROCESSING)!.exports;
    expect(await failed({ replies: removed(account.imports('pinterest-prod-observability'), name) })).toEqual([]);
  });
});

describe('a failed call', () => {
  const denied = (action: string) => `not checked: no permission for ${action} → allow ${action}, or check it manually`;

  test('names the missing permission, whatever the error format of the service', async () => {
    const lines = await failed({
      replies: {
        DescribeAddresses: ec2Error('UnauthorizedOperation', 'You are not authorized'),
        GetRole: xmlError('AccessDenied', 'not authorized to perform: iam:GetRole'),
        GetServiceQuota: jsonError('AccessDeniedException', 'not authorized'),
        GetAccountSettings: { ...jsonError('AccessDeniedException', 'not authorized'), status: 403 },
        GetParameter: jsonError('AccessDeniedException', 'not authorized'),
        DescribeStacks: xmlError('AccessDenied', 'not authorized'),
        GetResource: jsonError('AccessDeniedException', 'not authorized'),
      },
      needs: { names: [{ type: 'AWS::Logs::LogGroup', name: 'group', stack: 'pinterest-prod-network' }] },
    });
    expect(lines).toEqual([
      `FAIL  bootstrap: ${denied('ssm:GetParameter')}`,
      ...[
        'MSK brokers in the account',
        'brokers of a KRaft cluster',
        'Elastic IP addresses',
        'VPCs',
        'gateway endpoints',
        'interface endpoints of a VPC',
        'vCPUs of EMR Serverless at once',
      ].map((what) => `FAIL  quota of ${what}: ${denied('servicequotas:GetServiceQuota')}`),
      `FAIL  Lambda concurrency: ${denied('lambda:GetAccountSettings')}`,
      ...needs.serviceRoles.map(({ name }) => `FAIL  service-linked role ${name}: ${denied('iam:GetRole')}`),
      ...needs.stacks.map(({ name }) => `FAIL  stack ${name}: ${denied('cloudformation:DescribeStacks')}`),
      `FAIL  name group (AWS::Logs::LogGroup): ${denied('cloudformation:GetResource')}`,
    ]);
  });

  test('names another reason', async () => {
    const lines = await failed({ partitioner: () => Promise.reject(new Error('connect ETIMEDOUT\nat …')) });
    expect(lines).toEqual([
      'FAIL  Keyspaces partitioner: not checked: cassandra:Select got no response (connect ETIMEDOUT) → fix this, then run preflight again',
    ]);
  });

  test('without a login is one line, not one per check', async () => {
    const replies = { GetCallerIdentity: xmlError('InvalidClientTokenId', 'The security token is invalid') };
    expect((await results({ replies })).map(asLine)).toEqual([
      "FAIL  credentials: nobody is logged in, or AWS can't be reached (The security token is invalid) → log in, or set AWS_PROFILE",
      'ok    region: eu-central-1',
    ]);
  });
});

test('a quota that was never changed has its default', async () => {
  const lines = await failed({
    replies: {
      GetServiceQuota: jsonError('NoSuchResourceException', 'no such quota'),
      GetAWSDefaultServiceQuota: account.quotas({ 'L-F678F1CE': 1 }),
    },
  });
  expect(lines).toEqual([expect.stringMatching(/^FAIL {2}quota of VPCs: 1, of which 1 in use/)]);
});

test('lists are read to their last page', async () => {
  const page = (name: string, nextToken?: string) =>
    json({ clusterInfoList: [{ clusterName: name, provisioned: { numberOfBrokerNodes: 44 } }], nextToken });
  let pages = 0;
  const lines = await failed({
    replies: { ListClustersV2: () => (pages++ % 2 === 0 ? page('a', 'more') : page('b')) },
  });
  expect(pages).toBeGreaterThan(1);
  expect(lines).toEqual([expect.stringContaining('90, of which 88 in use')]);
});

test.each([
  ['has no list of versions', { body: '# Apache Airflow versions' }, 'the page has no table of versions'],
  ['is not found', { status: 404, body: '' }, 'HTTP 404'],
])('a guide of MWAA that %s leaves the version of Airflow unchecked, and fails nothing', async (_, page, reason) => {
  const found = await results({ replies: { AirflowVersions: page } });
  expect(found.filter(({ ok }) => !ok)).toEqual([]);
  expect(found.map(asLine)).toContain(
    `ok    Airflow version 3.2.1: not checked: ${reason}; compare with https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-versions.md`,
  );
});

test('only reading operations are called', async () => {
  await results();
  expect(stub!.called.filter((operation) => !/^((Get|List|Describe)[A-Z]|AirflowVersions$)/.test(operation))).toEqual(
    [],
  );
  expect(stub!.called.length).toBeGreaterThan(20);
});
