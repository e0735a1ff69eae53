/** The port to an account through the AWS SDK. It only reads, and reads all pages. */
import { CloudControlClient, GetResourceCommand } from '@aws-sdk/client-cloudcontrol';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListImports,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  EC2Client,
  paginateDescribeInstanceTypeOfferings,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcs,
  type _InstanceType,
} from '@aws-sdk/client-ec2';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GrafanaClient, paginateListVersions } from '@aws-sdk/client-grafana';
import {
  KafkaClient,
  paginateListClustersV2,
  paginateListConfigurations,
  paginateListKafkaVersions,
} from '@aws-sdk/client-kafka';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { paginateListInstances, SSOAdminClient } from '@aws-sdk/client-sso-admin';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../../lambda/aws/auth/sha256';
import { connect } from '../../lambda/aws/keyspaces/keyspaces';
import { type Account, AIRFLOW_VERSIONS_URL } from './account';
import { airflowVersionsIn } from './airflow-versions';
import { type Quota } from './responses';

/** A person waits: a service that does not respond soon is reported. */
const ATTEMPTS = 2;
const TIMEOUT_MS = 10_000;

/**
 * @param region @default - the region of the environment or the profile
 * @param endpoint of all services, for tests @default - the services' own
 */
export function awsAccount(region?: string, endpoint?: string): Account {
  const options = {
    region,
    endpoint,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS },
  };
  const sts = new STSClient(options);
  const ssm = new SSMClient(options);
  const ec2 = new EC2Client(options);
  const kafka = new KafkaClient(options);
  const grafana = new GrafanaClient(options);
  const quotas = new ServiceQuotasClient(options);
  const lambda = new LambdaClient(options);
  const sso = new SSOAdminClient(options);
  const iam = new IAMClient(options);
  const cloudFormation = new CloudFormationClient(options);
  const cloudControl = new CloudControlClient(options);

  /** A call of a service of which one call does not justify its client. */
  const post = async <T>(
    service: string,
    path: string,
    input: unknown,
    headers: Record<string, string>,
  ): Promise<T> => {
    const of = await sts.config.region();
    const url = new URL(path, endpoint ?? `https://${service}.${of}.amazonaws.com`);
    const body = JSON.stringify(input);
    const signer = new SignatureV4({ service, region: of, credentials: sts.config.credentials, sha256: Sha256 });
    const { hostname, pathname, protocol, host } = url;
    const request = { method: 'POST', protocol, hostname, path: pathname, headers: { ...headers, host }, body };
    const signed = await signer.sign(request);
    const response = await fetch(url, {
      ...{ method: 'POST', headers: signed.headers, body },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = (await response.json()) as T & { __type?: string; message?: string; Message?: string };
    if (response.ok) return answer;
    const name = (response.headers.get('x-amzn-errortype') ?? answer.__type ?? 'Error').split(/[#:]/).filter(Boolean);
    throw Object.assign(new Error(answer.message ?? answer.Message ?? ''), { name: name.at(-1)! });
  };

  const clusters = async () => {
    const found = await collect(paginateListClustersV2({ client: kafka }, {}), (page) => page.ClusterInfoList);
    return found.map(({ ClusterName, Provisioned }) => ({
      name: ClusterName!,
      brokers: Provisioned?.NumberOfBrokerNodes ?? 0,
    }));
  };
  const stack = (name: string): Promise<Stack | undefined> =>
    unless(/does not exist$/, async () => {
      const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
      return Stacks![0];
    });
  const names: Readonly<Record<string, () => Promise<readonly (string | undefined)[]>>> = {
    // Cloud Control identifies these by ARN only.
    'AWS::MSK::Cluster': async () => (await clusters()).map(({ name }) => name),
    'AWS::MSK::Configuration': async () =>
      (await collect(paginateListConfigurations({ client: kafka }, {}), (page) => page.Configurations)).map(
        ({ Name }) => Name,
      ),
  };

  return {
    region: () => new STSClient({}).config.region(),
    caller: async () => {
      const { Account: account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
      return { account: account!, arn: Arn! };
    },
    bootstrapVersion: (parameter) =>
      orUndefined(['ParameterNotFound'], async () => {
        const { Parameter } = await ssm.send(new GetParameterCommand({ Name: parameter }));
        return Number(Parameter!.Value);
      }),
    zones: async () => {
      const { AvailabilityZones = [] } = await ec2.send(
        new DescribeAvailabilityZonesCommand({
          Filters: [
            { Name: 'zone-type', Values: ['availability-zone'] },
            { Name: 'state', Values: ['available'] },
          ],
        }),
      );
      return AvailabilityZones.map(({ ZoneName }) => ZoneName!).sort();
    },
    zonesOffering: async (instanceType) => {
      const pages = paginateDescribeInstanceTypeOfferings(
        { client: ec2 },
        {
          LocationType: 'availability-zone',
          Filters: [{ Name: 'instance-type', Values: [instanceType as _InstanceType] }],
        },
      );
      return (await collect(pages, (page) => page.InstanceTypeOfferings)).map(({ Location }) => Location!);
    },
    kafkaVersions: async () =>
      (await collect(paginateListKafkaVersions({ client: kafka }, {}), (page) => page.KafkaVersions))
        .filter(({ Status }) => Status === 'ACTIVE')
        .map(({ Version }) => Version!),
    grafanaVersions: () => collect(paginateListVersions({ client: grafana }, {}), (page) => page.grafanaVersions),
    airflowVersions: async () => {
      const { pathname, origin } = new URL(AIRFLOW_VERSIONS_URL);
      const page = await fetch(new URL(pathname, endpoint ?? origin), { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!page.ok) throw new Error(`HTTP ${page.status}`);
      return airflowVersionsIn(await page.text());
    },
    emrReleases: async () => {
      const labels: string[] = [];
      let NextToken: string | undefined;
      do {
        const page = await post<{ ReleaseLabels?: string[]; NextToken?: string }>(
          'elasticmapreduce',
          '/',
          { NextToken },
          { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'ElasticMapReduce.ListReleaseLabels' },
        );
        labels.push(...(page.ReleaseLabels ?? []));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return labels;
    },
    catalogPrincipals: async () => {
      interface Settings {
        readonly CreateDatabaseDefaultPermissions?: { Principal: { DataLakePrincipalIdentifier: string } }[];
      }
      const { DataLakeSettings } = await post<{ DataLakeSettings: Settings }>(
        'lakeformation',
        '/GetDataLakeSettings',
        {},
        { 'content-type': 'application/json' },
      );
      return (DataLakeSettings.CreateDatabaseDefaultPermissions ?? []).map(
        ({ Principal }) => Principal.DataLakePrincipalIdentifier,
      );
    },
    quota: (quota) => quotaOf(quotas, quota),
    clusters,
    addresses: async () => (await ec2.send(new DescribeAddressesCommand({}))).Addresses?.length ?? 0,
    vpcs: async () => (await collect(paginateDescribeVpcs({ client: ec2 }, {}), (page) => page.Vpcs)).length,
    gatewayEndpoints: async () => {
      const Filters = [{ Name: 'vpc-endpoint-type', Values: ['Gateway'] }];
      return (await collect(paginateDescribeVpcEndpoints({ client: ec2 }, { Filters }), (page) => page.VpcEndpoints))
        .length;
    },
    unreservedConcurrency: async () =>
      (await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit!.UnreservedConcurrentExecutions!,
    partitioner: async () => partitionerOf(await sts.config.region(), await sts.config.credentials()),
    identityCenters: async () =>
      (await collect(paginateListInstances({ client: sso }, {}), (page) => page.Instances)).filter(
        ({ Status }) => Status === 'ACTIVE',
      ).length,
    roleExists: async (name) =>
      (await orUndefined(['NoSuchEntityException'], () => iam.send(new GetRoleCommand({ RoleName: name })))) !==
      undefined,
    stackStatus: async (name) => (await stack(name))?.StackStatus,
    importers: async (name, retained) => {
      const exported = ((await stack(name))?.Outputs ?? []).flatMap(({ ExportName }) => ExportName ?? []);
      const importing = exported
        .filter((each) => !retained.includes(each))
        .map((ExportName) =>
          unless(/is not imported by any stack/, () =>
            collect(paginateListImports({ client: cloudFormation }, { ExportName }), (page) => page.Imports),
          ),
        );
      return [...new Set((await Promise.all(importing)).flatMap((each) => each ?? []))].sort();
    },
    nameTaken: async (type, name) => {
      if (names[type]) return (await names[type]()).includes(name);
      const found = await orUndefined(['ResourceNotFoundException'], () =>
        cloudControl.send(new GetResourceCommand({ TypeName: type, Identifier: name })),
      );
      return found !== undefined;
    },
  };
}

async function collect<Page, Item>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const page of pages) all.push(...(items(page) ?? []));
  return all;
}

/** Undefined in place of an error that means that the resource does not exist. */
async function orUndefined<T>(absent: readonly string[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && absent.includes(error.name)) return undefined;
    throw error;
  }
}

/** Undefined in place of a ValidationError, as are other errors: only the message distinguishes it. */
async function unless<T>(absent: RegExp, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && absent.test(error.message)) return undefined;
    throw error;
  }
}

/** A quota that was never changed may have no own value: then the service's default applies. */
async function quotaOf(client: ServiceQuotasClient, { service, code }: Quota): Promise<number> {
  const input = { ServiceCode: service, QuotaCode: code };
  const own = await orUndefined(['NoSuchResourceException'], () => client.send(new GetServiceQuotaCommand(input)));
  const { Quota: quota } = own ?? (await client.send(new GetAWSDefaultServiceQuotaCommand(input)));
  return quota!.Value!;
}

/** Only CQL returns the partitioner. */
async function partitionerOf(
  region: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string },
): Promise<string> {
  const session = connect({ ...process.env, AWS_REGION: region }, { credentials: () => credentials });
  try {
    const { rows } = await session.execute('SELECT partitioner FROM system.local', []);
    return String(rows[0].partitioner);
  } finally {
    await session.shutdown();
  }
}
