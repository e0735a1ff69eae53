/**
 * CloudFormation's custom resource for what `AWS::MSK::Cluster` doesn't tell: the names of its brokers and controllers, which the
 * scraper of Managed Prometheus has to be given.
 */
import { type CustomResourceRequest, putAnswer } from '../shared/custom-resource';
import { ENV, requireEnv } from '../shared/env';
import { log } from '../shared/log';
import { exporterHosts, type Node } from './core';

export type Request = Omit<CustomResourceRequest, 'PhysicalResourceId' | 'ResourceProperties'>;

export interface Deps {
  /** ARN of the cluster. */
  cluster(): string;
  nodes(cluster: string): Promise<readonly Node[]>;
  /** Sends the answer to CloudFormation. */
  respond(url: string, body: string): Promise<void>;
}

/** Always answers: CloudFormation waits an hour for an answer that does not come. */
export function makeHandler(deps: Deps): (request: Request) => Promise<void> {
  return async ({ RequestType, ResponseURL, StackId, RequestId, LogicalResourceId }) => {
    const answer = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: 'exporters' };
    const respond = (result: object) => deps.respond(ResponseURL, JSON.stringify({ ...answer, ...result }));
    let data: object | undefined;
    try {
      data = RequestType === 'Delete' ? undefined : exporterHosts(await deps.nodes(deps.cluster()));
    } catch (error) {
      log.error('brokers and controllers could not be looked up', error);
      await respond({ Status: 'FAILED', Reason: error instanceof Error ? error.message : String(error) });
      return;
    }
    await respond({ Status: 'SUCCESS', Data: data });
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

export const handler = makeHandler({
  cluster: () => requireEnv(ENV.clusterArn),
  nodes: listNodes,
  respond: putAnswer,
});
