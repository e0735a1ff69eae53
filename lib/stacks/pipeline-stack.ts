import { Fn, Stack, Tags } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { keepLogsOfProviders } from '../constructs/logs';

export interface PipelineStackProps {
  readonly config: PipelineConfig;
}

/** What all stacks share: name, place, tags, and as many availability zones as the config says. */
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
    keepLogsOfProviders(this, config);
  }

  /**
   * Zones by number, resolved at deployment. CDK itself would count two in a stack without an account, and ask the account
   * for their names in a stack with one, so that synth would need credentials.
   */
  public override get availabilityZones(): string[] {
    return Array.from({ length: this.zones }, (_, index) => Fn.select(index, Fn.getAzs()));
  }
}
