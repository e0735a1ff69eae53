/** Where a cluster's exporters are, as Prometheus' DNS discovery is told. */

interface Endpoints {
  readonly Endpoints?: readonly string[];
}

/** A node as MSK lists it. @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-nodes.html */
export interface Node {
  readonly BrokerNodeInfo?: Endpoints;
  readonly ControllerNodeInfo?: Endpoints;
}

/** JSON arrays of DNS names, to be put into a text as they are. */
export type Hosts = Readonly<Record<'Brokers' | 'Controllers', string>>;

/** CloudFormation takes 4 KB of an answer, the rest of which needs less than this. */
const MOST_CHARACTERS = 3_400;

function names(kind: string, nodes: readonly (Endpoints | undefined)[]): string {
  const found = nodes.flatMap((node) => node?.Endpoints ?? []).sort();
  // Prometheus refuses a discovery without names, and rules on what is not read would never fire.
  if (found.length === 0) throw new Error(`the cluster must have ${kind}s with an endpoint, got none`);
  return JSON.stringify(found);
}

/** @throws Error naming what the cluster lacks, or that it is too large */
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
