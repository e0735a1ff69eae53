/** Collects from an account everything that the checks need. */
import { type Account, ACTIONS } from './account';
import { type AwsResponse, type AwsResponses, type Failure, QUOTAS, type QuotaName } from './responses';
import { type Needs } from './needs';

/** Error names of the services for a missing permission. */
const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'ForbiddenException',
  'UnauthorizedException',
  'UnauthorizedOperation',
]);

const LONGEST_REASON = 200;

function failure(action: string, error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const line = message.split('\n')[0].slice(0, LONGEST_REASON);
  return { action, denied: DENIED.has(name), reason: line === '' ? name : line };
}

/** @returns a failure in place of each response that could not be had; never rejects */
export async function gather(account: Account, needs: Needs): Promise<AwsResponses> {
  const query = async <T>(method: keyof Account, call: () => Promise<T>): Promise<AwsResponse<T>> => {
    try {
      return { value: await call() };
    } catch (error) {
      return { failure: failure(ACTIONS[method], error) };
    }
  };
  const each = async <T>(
    names: readonly string[],
    method: keyof Account,
    call: (name: string) => Promise<T>,
  ): Promise<Record<string, AwsResponse<T>>> =>
    Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await query(method, () => call(name))] as const)),
    );

  const quotaNames = Object.keys(QUOTAS) as QuotaName[];
  const one = {
    region: query('region', () => account.region()),
    caller: query('caller', () => account.caller()),
    bootstrapVersion: query('bootstrapVersion', () => account.bootstrapVersion(needs.bootstrapParameter)),
    zones: query('zones', () => account.zones()),
    kafkaVersions: query('kafkaVersions', () => account.kafkaVersions()),
    clusters: query('clusters', () => account.clusters()),
    addresses: query('addresses', () => account.addresses()),
    vpcs: query('vpcs', () => account.vpcs()),
    gatewayEndpoints: query('gatewayEndpoints', () => account.gatewayEndpoints()),
    unreservedConcurrency: query('unreservedConcurrency', () => account.unreservedConcurrency()),
  };
  const offerings = each(needs.brokerTypes, 'zonesOffering', (type) => account.zonesOffering(type));
  const quotas = each(quotaNames, 'quota', (name) => account.quota(QUOTAS[name as QuotaName]));
  const roles = each(
    needs.serviceRoles.map(({ name }) => name),
    'roleExists',
    (name) => account.roleExists(name),
  );
  const stacks = each(
    needs.stacks.map(({ name }) => name),
    'stackStatus',
    (name) => account.stackStatus(name),
  );
  const importers = each(
    needs.stacks.map(({ name }) => name),
    'importers',
    (name) => account.importers(name, needs.stacks.find((stack) => stack.name === name)!.exports),
  );
  const names = needs.names.map(async (of) => ({
    of,
    taken: await query('nameTaken', () => account.nameTaken(of.type, of.name)),
  }));
  return {
    region: await one.region,
    caller: await one.caller,
    bootstrapVersion: await one.bootstrapVersion,
    zones: await one.zones,
    kafkaVersions: await one.kafkaVersions,
    clusters: await one.clusters,
    addresses: await one.addresses,
    vpcs: await one.vpcs,
    gatewayEndpoints: await one.gatewayEndpoints,
    unreservedConcurrency: await one.unreservedConcurrency,
    ...(needs.keyspaces ? { partitioner: await query('partitioner', () => account.partitioner()) } : {}),
    ...(needs.identityCenter
      ? { identityCenters: await query('identityCenters', () => account.identityCenters()) }
      : {}),
    offerings: await offerings,
    quotas: (await quotas) as AwsResponses['quotas'],
    roles: await roles,
    stacks: await stacks,
    importers: await importers,
    names: await Promise.all(names),
  };
}
