/**
 * CloudFormation's custom resource for what `AWS::MSK::Cluster` doesn't tell: the names of its brokers and controllers, which the
 * scraper of Managed Prometheus has to be given.
 */
import { customResource, type CustomResource } from '../../runtime/custom-resource';
import { ENV, requireEnv } from '../../runtime/env';
import { exporterHosts, type Node } from './core';

export interface Deps {
  /** ARN of the cluster. */
  cluster(): string;
  nodes(cluster: string): Promise<readonly Node[]>;
}

/** Has the attributes of {@link exporterHosts}. */
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

export const handler = customResource(exportersOf({ cluster: () => requireEnv(ENV.clusterArn), nodes: listNodes }));
