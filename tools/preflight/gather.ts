/** Collects from an account everything that the checks need. */
import { type Account, ACTIONS } from './account';
import { type AwsResponse, type AwsResponses, type Failure, type Quota, QUOTAS, type QuotaName } from './responses';
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

/** An object with the values of promises. */
async function settled<T extends object>(promises: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const entries = Object.entries<Promise<unknown>>(promises);
  return Object.fromEntries(await Promise.all(entries.map(async ([name, value]) => [name, await value]))) as T;
}

/** @returns a failure in place of each response that could not be had; never rejects */
export function gather(account: Account, needs: Needs): Promise<AwsResponses> {
  type Value<M extends keyof Account> = Awaited<ReturnType<Account[M]>>;
  const query = async <M extends keyof Account>(
    method: M,
    ...given: Parameters<Account[M]>
  ): Promise<AwsResponse<Value<M>>> => {
    try {
      const call = account[method] as (...args: Parameters<Account[M]>) => Promise<Value<M>>;
      return { value: await call(...given) };
    } catch (error) {
      return { failure: failure(ACTIONS[method], error) };
    }
  };
  const each = <M extends 'zonesOffering' | 'roleExists' | 'stackStatus'>(method: M, names: readonly string[]) =>
    settled<Record<string, AwsResponse<Value<M>>>>(
      Object.fromEntries(names.map((name) => [name, query(method, ...([name] as Parameters<Account[M]>))])),
    );
  const nameOf = ({ name }: { readonly name: string }) => name;
  const quotas = (Object.entries(QUOTAS) as [QuotaName, Quota][]).map(([name, quota]) => [name, query('quota', quota)]);
  return settled<AwsResponses>({
    region: query('region'),
    caller: query('caller'),
    bootstrapVersion: query('bootstrapVersion', needs.bootstrapParameter),
    zones: query('zones'),
    kafkaVersions: query('kafkaVersions'),
    clusters: query('clusters'),
    addresses: query('addresses'),
    vpcs: query('vpcs'),
    gatewayEndpoints: query('gatewayEndpoints'),
    unreservedConcurrency: query('unreservedConcurrency'),
    ...(needs.keyspaces && { partitioner: query('partitioner') }),
    ...(needs.grafanaVersions.length > 0 && {
      grafanaVersions: query('grafanaVersions'),
      catalogPrincipals: query('catalogPrincipals'),
    }),
    ...(needs.airflowVersions.length > 0 && { airflowVersions: query('airflowVersions') }),
    ...(needs.emrReleases.length > 0 && { emrReleases: query('emrReleases') }),
    ...(needs.identityCenter && { identityCenters: query('identityCenters') }),
    offerings: each('zonesOffering', needs.brokerTypes),
    quotas: settled<AwsResponses['quotas']>(
      Object.fromEntries(quotas) as Record<QuotaName, Promise<AwsResponse<number>>>,
    ),
    roles: each('roleExists', needs.serviceRoles.map(nameOf)),
    stacks: each('stackStatus', needs.stacks.map(nameOf)),
    importers: settled<AwsResponses['importers']>(
      Object.fromEntries(needs.stacks.map(({ name, exports }) => [name, query('importers', name, exports)])),
    ),
    names: Promise.all(needs.names.map(async (of) => ({ of, taken: await query('nameTaken', of.type, of.name) }))),
  });
}
