/** Where a cluster's exporters are, in the form that Prometheus' DNS discovery expects. */

interface Endpoints {
  readonly Endpoints?: readonly string[];
}

/** A node as MSK lists it. @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-nodes.html */
export interface Node {
  readonly BrokerNodeInfo?: Endpoints;
  readonly ControllerNodeInfo?: Endpoints;
}

/** JSON arrays of DNS names, inserted into a text unchanged. */
export type Hosts = Readonly<Record<'Brokers' | 'Controllers', string>>;

/** CloudFormation accepts a response of 4 KB; its other fields need less than the remainder. */
const MOST_CHARACTERS = 3_400;

function names(kind: string, nodes: readonly (Endpoints | undefined)[]): string {
  const found = nodes.flatMap((node) => node?.Endpoints ?? []).sort();
  // Prometheus rejects a discovery without names, and rules on data that is not scraped would never fire.
  if (found.length === 0) throw new Error(`the cluster must have at least one ${kind} with an endpoint, got none`);
  return JSON.stringify(found);
}

/** @throws Error naming what the cluster lacks, or that the names are too long */
export function exporterHosts(nodes: readonly Node[]): Hosts {
  const hosts = {
    Brokers: names(
      'broker',
      nodes.map(({ BrokerNodeInfo }) => BrokerNodeInfo),
    ),
    Controllers: names(
      'controller',
      nodes.map(({ ControllerNodeInfo }) => ControllerNodeInfo),
    ),
  };
  const length = hosts.Brokers.length + hosts.Controllers.length;
  if (length <= MOST_CHARACTERS) return hosts;
  throw new Error(
    `the names of brokers and controllers must have at most ${MOST_CHARACTERS} characters, got ${length}`,
  );
}
