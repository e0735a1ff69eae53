import { LogGroup, type RetentionDays, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Aspects, type CfnResource, CustomResourceProviderBase, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import { type PipelineConfig } from '../config';

/**
 * A log group with the configured retention. Logs contain positions and counters, never posts, so they are deleted with their
 * stack. A group that remained would make the next deployment fail where its name is fixed.
 */
export function logGroup(scope: Construct, id: string, config: PipelineConfig, props: LogGroupProps = {}): LogGroup {
  return new LogGroup(scope, id, { ...props, retention: retention(config), removalPolicy: RemovalPolicy.DESTROY });
}

/**
 * Adds such log groups for the functions that CDK puts into a stack, like the one that empties buckets. Otherwise Lambda creates
 * groups that never expire and remain after the stack is deleted.
 */
export function addProviderLogGroups(stack: Stack, config: PipelineConfig): void {
  Aspects.of(stack).add({
    visit(node) {
      if (node instanceof CustomResourceProviderBase && !node.node.tryFindChild('Logs')) {
        const handler = node.node.findChild('Handler') as CfnResource;
        const group = logGroup(node, 'Logs', config);
        handler.addPropertyOverride('LoggingConfig', { LogGroup: group.logGroupName });
      }
    },
  });
}

function retention(config: PipelineConfig): RetentionDays {
  // The enum's values are numbers of days, and the config accepts only those.
  return config.logRetentionDays as RetentionDays;
}
