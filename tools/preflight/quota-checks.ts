import { type AwsResponse, type AwsResponses, type Quota, QUOTAS } from './responses';
import { type StackNeeds } from './needs';
import { resultOf, type Result } from './result';

/** Lambda holds back this many executions for functions without a reservation. */
const LEAST_UNRESERVED = 100;

/** Each quota against the current usage and what the stacks that don't exist yet will add. */
export function quotaChecks(stacks: readonly StackNeeds[], responses: AwsResponses): Result[] {
  const total = (key: Exclude<keyof StackNeeds, 'name' | 'exports'>) =>
    stacks.reduce((sum, stack) => sum + stack[key], 0);
  const { quotas } = responses;
  const brokersInUse: AwsResponse<number> =
    'value' in responses.clusters
      ? { value: responses.clusters.value.reduce((sum, { brokers }) => sum + brokers, 0) }
      : responses.clusters;
  const none: AwsResponse<number> = { value: 0 };
  return [
    fits(QUOTAS.brokers, quotas.brokers, brokersInUse, total('brokers')),
    fits(QUOTAS.clusterBrokers, quotas.clusterBrokers, none, total('brokers')),
    fits(QUOTAS.addresses, quotas.addresses, responses.addresses, total('addresses')),
    fits(QUOTAS.vpcs, quotas.vpcs, responses.vpcs, total('vpcs')),
    fits(QUOTAS.gatewayEndpoints, quotas.gatewayEndpoints, responses.gatewayEndpoints, total('gatewayEndpoints')),
    fits(QUOTAS.interfaceEndpoints, quotas.interfaceEndpoints, none, total('interfaceEndpoints')),
    fits(QUOTAS.sparkVcpus, quotas.sparkVcpus, none, total('sparkVcpus')),
    concurrencyCheck(responses, total('concurrency')),
  ];
}

function fits(quota: Quota, limit: AwsResponse<number>, used: AwsResponse<number>, needed: number): Result {
  return resultOf(`quota of ${quota.what}`, [limit, used], (most, inUse) => {
    const found = `${most}, of which ${inUse} in use and ${needed} more needed`;
    const request =
      `request at least ${inUse + needed}: aws service-quotas request-service-quota-increase --service-code ` +
      `${quota.service} --quota-code ${quota.code} --desired-value ${inUse + needed}`;
    return inUse + needed > most ? [found, request] : found;
  });
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
function concurrencyCheck({ unreservedConcurrency }: AwsResponses, needed: number): Result {
  return resultOf('Lambda concurrency', [unreservedConcurrency], (unreserved) => {
    const found = `${unreserved} unreserved, ${needed} to be reserved, ${LEAST_UNRESERVED} must remain unreserved`;
    const missing = needed + LEAST_UNRESERVED - unreserved;
    const request = `request at least ${missing} more: quota L-B99A9384 of lambda; or lower -c ingestConcurrency=…`;
    return missing > 0 ? [found, request] : found;
  });
}
