/** A bill beside the model of `npm run cost`: pure. */
import { HOURS_PER_MONTH } from '../../lib/capacity/batches';
import { type Estimate } from '../cost/estimate';

/** A line of a bill. */
export interface Usage {
  readonly service: string;
  readonly usageType: string;
  readonly usd: number;
}

/** A part of a bill that the model computes, too. */
interface Part {
  readonly name: string;
  /** Components of the model. */
  readonly components: readonly string[];
  readonly service: RegExp;
  readonly usageType: RegExp;
}

const ANY = /./;

const part = (name: string, components: readonly string[], service: RegExp, usageType: RegExp = ANY): Part => ({
  ...{ name, components, service, usageType },
});

/**
 * The first part whose patterns match has a line of the bill. Names of services and usage types are from memory: no bill was read for
 * them. A line that matches none is listed as such, so a wrong pattern shows as a difference, and hides nothing.
 */
export const PARTS: readonly Part[] = [
  part('MSK', ['Kafka brokers and storage'], /Kafka/i),
  part('Traffic between zones', ['Traffic between zones'], ANY, /DataTransfer-Regional/),
  part('Event pollers', ['Event poller units'], /Lambda/, /EPU|Event-?Poller/i),
  part(
    'Lambda',
    ['Function ingest', 'Function archive', 'Function aggregate', 'Functions of the batch layer', 'Canary'],
    /Lambda/,
  ),
  part('API Gateway', ['Ingest API'], /API Gateway/),
  part('Keyspaces', ['Keyspaces, speed layer', 'Keyspaces, batch layer, expiry, space'], /Keyspaces|MCS/),
  part('S3 storage', ['S3 storage'], /Simple Storage|S3/, /TimedStorage/),
  part('S3 requests', ['S3 requests'], /Simple Storage|S3/),
  part('EMR Serverless', ['Spark (EMR Serverless)'], /Elastic ?MapReduce|EMR/),
  part('MWAA', ['Airflow (MWAA)'], /Airflow|MWAA/),
  part('NAT and endpoints', ['NAT and endpoints'], /EC2|Virtual Private Cloud|VPC/, /NatGateway|VpcEndpoint|IPv4/i),
  part('Logs', ['Logs'], /CloudWatch/, /Log|DataProcessing|TimedStorage/i),
  part('Alarms', ['Alarms'], /CloudWatch/, /Alarm/),
  part('Dashboards', ['Dashboards'], /CloudWatch/, /Dashboard/),
  part('Metrics', ['Metrics'], /CloudWatch/),
  part('X-Ray', ['Traces'], /X-?Ray/i),
  part('KMS', ['Customer-managed key'], /Key Management|KMS/),
  part('Managed Prometheus', ['Managed Prometheus'], /Prometheus/),
  part('Managed Grafana', ['Managed Grafana'], /Grafana/),
];

export interface Compared {
  readonly name: string;
  /** USD by the model; undefined of what it leaves out. */
  readonly computed?: number;
  /** USD of the bill; undefined as long as there is none. */
  readonly billed?: number;
  /** Usage types of the bill. */
  readonly usageTypes: readonly string[];
}

/**
 * @param hours for which the stage existed
 * @param posts that were sent
 * @param bill @default - there is none yet
 */
export function compare(
  estimate: Pick<Estimate, 'components' | 'posts'>,
  { hours, posts }: { readonly hours: number; readonly posts: number },
  bill?: readonly Usage[],
): readonly Compared[] {
  const computed = new Map(
    estimate.components.map(({ name, fixed, usage }) => [
      name,
      (fixed * hours) / HOURS_PER_MONTH + (usage * posts) / estimate.posts,
    ]),
  );
  const partOf = (usage: Usage) =>
    PARTS.find(({ service, usageType }) => service.test(usage.service) && usageType.test(usage.usageType));
  const row = (name: string, usages: readonly Usage[] | undefined, model?: number): Compared => ({
    name,
    computed: model,
    billed: usages?.reduce((sum, { usd }) => sum + usd, 0),
    usageTypes: [...new Set(usages?.map(({ usageType }) => usageType))].sort(),
  });
  const parts = PARTS.map((each) =>
    row(
      each.name,
      bill?.filter((usage) => partOf(usage) === each),
      each.components.reduce((sum, name) => sum + computed.get(name)!, 0),
    ),
  );
  const rest = bill?.filter((usage) => partOf(usage) === undefined) ?? [];
  return [
    ...parts,
    ...[...new Set(rest.map(({ service }) => service))].sort().map((service) =>
      row(
        service,
        rest.filter((usage) => usage.service === service),
      ),
    ),
  ];
}
