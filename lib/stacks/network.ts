import { type Construct } from 'constructs';
import { PipelineNetwork } from '../constructs/network';
import { PipelineStack, type PipelineStackProps } from './pipeline-stack';

/** The network: subnets, endpoints, security groups. */
export class NetworkStack extends PipelineStack {
  public readonly network: PipelineNetwork;

  constructor(scope: Construct, props: PipelineStackProps) {
    super(scope, 'network', props.config, 'Pinterest data pipeline: network');
    this.network = new PipelineNetwork(this, 'Network', props);
  }
}
