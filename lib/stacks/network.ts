import { type Construct } from 'constructs';
import { PipelineNetwork } from '../constructs/network';
import { PipelineKey } from '../constructs/pipeline-key';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

/** What all other stacks stand on: subnets, endpoints, security groups, and the key if there is one. */
export class NetworkStack extends PipelineStack {
  public readonly network: PipelineNetwork;
  /** Where the config asks for one: here, as every stack after this one uses it. */
  public readonly key?: PipelineKey;

  constructor(scope: Construct, props: PipelineStackProps) {
    super(scope, 'network', props.config, 'Pinterest data pipeline: network');
    if (props.config.kms === 'customer') this.key = new PipelineKey(this, 'Key', props);
    this.network = new PipelineNetwork(this, 'Network', props);
  }
}
