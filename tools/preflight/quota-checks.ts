import { type Answer, type Answers, type Quota, QUOTAS } from './answers';
import { type StackNeeds } from './needs';
import { fail, judge, pass, type Verdict } from './verdict';

/** Lambda keeps so many executions for the functions that reserve none: no reservation may go below. */
const LEAST_UNRESERVED = 100;

/** The quotas, each against what is in use already and what the stacks that are not there yet will add. */
export function quotaChecks(stacks: readonly StackNeeds[], answers: Answers): Verdict[] {
  const total = (key: Exclude<keyof StackNeeds, 'name'>) => stacks.reduce((sum, stack) => sum + stack[key], 0);
  const { quotas } = answers;
  const brokersInUse: Answer<number> =
    'value' in answers.clusters
      ? { value: answers.clusters.value.reduce((sum, { brokers }) => sum + brokers, 0) }
      : answers.clusters;
  const none: Answer<number> = { value: 0 };
  return [
    fits(QUOTAS.brokers, quotas.brokers, brokersInUse, total('brokers')),
    fits(QUOTAS.clusterBrokers, quotas.clusterBrokers, none, total('brokers')),
    fits(QUOTAS.addresses, quotas.addresses, answers.addresses, total('addresses')),
    fits(QUOTAS.vpcs, quotas.vpcs, answers.vpcs, total('vpcs')),
    fits(QUOTAS.gatewayEndpoints, quotas.gatewayEndpoints, answers.gatewayEndpoints, total('gatewayEndpoints')),
    fits(QUOTAS.interfaceEndpoints, quotas.interfaceEndpoints, none, total('interfaceEndpoints')),
    fits(QUOTAS.sparkVcpus, quotas.sparkVcpus, none, total('sparkVcpus')),
    concurrencyCheck(answers, total('concurrency')),
  ];
}

function fits(quota: Quota, limit: Answer<number>, used: Answer<number>, needed: number): Verdict {
  const name = `quota of ${quota.what}`;
  return judge(name, [limit, used], (most, inUse) =>
    inUse + needed > most
      ? fail(
          name,
          `${most}, of which ${inUse} in use and ${needed} more needed`,
          `request at least ${inUse + needed}: aws service-quotas request-service-quota-increase --service-code ` +
            `${quota.service} --quota-code ${quota.code} --desired-value ${inUse + needed}`,
        )
      : pass(name, `${most}, of which ${inUse} in use and ${needed} more needed`),
  );
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
function concurrencyCheck({ unreservedConcurrency }: Answers, needed: number): Verdict {
  const name = 'Lambda concurrency';
  return judge(name, [unreservedConcurrency], (unreserved) => {
    const found = `${unreserved} unreserved, ${needed} to be reserved, ${LEAST_UNRESERVED} must stay`;
    return unreserved - needed < LEAST_UNRESERVED
      ? fail(
          name,
          found,
          `request at least ${needed + LEAST_UNRESERVED - unreserved} more: quota L-B99A9384 of lambda; or lower -c ingestConcurrency=…`,
        )
      : pass(name, found);
  });
}
