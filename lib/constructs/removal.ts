import { CfnResource, RemovalPolicy, type IResource } from 'aws-cdk-lib';
import { type PipelineConfig } from '../config';

/** The CloudFormation policy for the config's `removal`. */
export function removalPolicy(config: Pick<PipelineConfig, 'removal'>): RemovalPolicy {
  return config.removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}

/**
 * Sets what happens to stateful resources when they are removed and when an update replaces them. L1 resources have no default
 * policy: without this, CloudFormation deletes a keyspace with all its rows together with its stack.
 */
export function applyRemoval(policy: RemovalPolicy, ...resources: readonly (IResource | CfnResource)[]): void {
  for (const resource of resources) {
    if (resource instanceof CfnResource) {
      resource.applyRemovalPolicy(policy, { applyToUpdateReplacePolicy: true });
    } else {
      resource.applyRemovalPolicy(policy);
    }
  }
}
