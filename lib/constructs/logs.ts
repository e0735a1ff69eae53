import { LogGroup, type RetentionDays, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Aspects, type CfnResource, CustomResourceProviderBase, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import { type PipelineConfig } from '../config';

/**
 * A log group with the config's retention. Logs hold positions and counters, never posts, so they are never kept behind a
 * deleted stack: a group left over would make the next deployment fail where its name is fixed.
 */
export function logGroup(scope: Construct, id: string, config: PipelineConfig, props: LogGroupProps = {}): LogGroup {
  return new LogGroup(scope, id, { ...props, retention: retention(config), removalPolicy: RemovalPolicy.DESTROY });
}

/**
 * The same for the functions that CDK itself puts into a stack, like the one that empties buckets: Lambda would make their
 * groups, which never expire and stay behind a deleted stack.
 */
export function keepLogsOfProviders(stack: Stack, config: PipelineConfig): void {
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
  // The enum's values are the days themselves; the config takes no others.
  return config.logRetentionDays as RetentionDays;
}
