/**
 * A CloudFormation custom resource for what `AWS::MSK::Cluster` does not return: the names of its brokers and
 * controllers, which the Managed Prometheus scraper needs.
 */
import { customResource, type CustomResource } from '../../runtime/custom-resource';
import { invoked } from '../../runtime/log';
import { ENV, requireEnv } from '../../runtime/env';
import { exporterHosts, type Node } from './core';

export interface Deps {
  /** ARN of the cluster. */
  cluster(): string;
  nodes(cluster: string): Promise<readonly Node[]>;
}

/** Returns the attributes of {@link exporterHosts}. */
export function exportersOf(deps: Deps): CustomResource {
  return {
    identify: () => 'exporters',
    async work({ RequestType }) {
      if (RequestType !== 'Delete') return exporterHosts(await deps.nodes(deps.cluster()));
    },
  };
}

async function listNodes(cluster: string): Promise<Node[]> {
  const { KafkaClient, paginateListNodes } = await import('@aws-sdk/client-kafka');
  const nodes: Node[] = [];
  for await (const page of paginateListNodes({ client: new KafkaClient({}) }, { ClusterArn: cluster })) {
    nodes.push(...(page.NodeInfoList ?? []));
  }
  return nodes;
}

export const handler = invoked(() =>
  customResource(exportersOf({ cluster: () => requireEnv(ENV.clusterArn), nodes: listNodes })),
);
