import { Fn, Stack, Tags } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { addProviderLogGroups } from '../constructs/logs';

export interface PipelineStackProps {
  readonly config: PipelineConfig;
}

/** What all stacks share: naming, account and region, tags, and the configured number of availability zones. */
export abstract class PipelineStack extends Stack {
  private readonly zones: number;

  constructor(scope: Construct, id: string, config: PipelineConfig, description: string, protect = false) {
    super(scope, `${config.project}-${config.stage}-${id}`, {
      description,
      env: { account: config.account, region: config.region },
      terminationProtection: protect && config.removal === 'retain',
    });
    this.zones = config.availabilityZones;
    Tags.of(this).add('project', config.project);
    Tags.of(this).add('stage', config.stage);
    addProviderLogGroups(this, config);
  }

  /**
   * Zones by number, resolved at deployment. CDK's default is two zones in a stack without an account. In a stack with one, it
   * looks up their names in the account, so synth would need credentials.
   */
  public override get availabilityZones(): string[] {
    return Array.from({ length: this.zones }, (_, index) => Fn.select(index, Fn.getAzs()));
  }
}
