import { type Construct } from 'constructs';
import { PipelineNetwork } from '../constructs/network';
import { PipelineKey } from '../constructs/pipeline-key';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

/** What all other stacks use: subnets, endpoints, security groups, and the encryption key if there is one. */
export class NetworkStack extends PipelineStack {
  public readonly network: PipelineNetwork;
  /** Absent unless `kms` is `customer`. It is in this stack because every later stack uses it. */
  public readonly key?: PipelineKey;

  constructor(scope: Construct, props: PipelineStackProps) {
    super(scope, 'network', props.config, 'Pinterest data pipeline: network');
    if (props.config.kms === 'customer') this.key = new PipelineKey(this, 'Key', props);
    this.network = new PipelineNetwork(this, 'Network', props);
    // Also where nobody imports it: this stack is updated before the one that gives it up with `viewsEngine`.
    this.exportValue(this.network.spark.securityGroupId);
  }
}
