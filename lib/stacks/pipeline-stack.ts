import { CfnParameter, CfnRule, Fn, Stack, Tags } from 'aws-cdk-lib';
import { type Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { addProviderLogGroups } from '../constructs/logs';

export interface PipelineStackProps {
  readonly config: PipelineConfig;
}

/** What all stacks share: naming, account and region, tags, and the configured number of availability zones. */
export abstract class PipelineStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    private readonly config: PipelineConfig,
    description: string,
    protect = false,
  ) {
    super(scope, `${config.project}-${config.stage}-${id}`, {
      description,
      env: { account: config.account, region: config.region },
      terminationProtection: protect && config.removal === 'retain',
    });
    Tags.of(this).add('project', config.project);
    Tags.of(this).add('stage', config.stage);
    addProviderLogGroups(this, config);
  }

  /**
   * Fixes the length of an interval for as long as the stack exists, because stored data depends on it. CloudFormation rejects the
   * update of a stack whose parameters break a rule before it changes anything, and the CDK passes the parameter's value of before
   * (`--previous-parameters`).
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
   */
  protected fixIntervals(): void {
    const { intervalMinutes } = this.config;
    const parameter = new CfnParameter(this, 'IntervalMinutes', {
      type: 'Number',
      default: intervalMinutes,
      description: 'Length of an interval as at the first deployment',
    });
    new CfnRule(this, 'IntervalMinutesIsFixed', {
      assertions: [
        {
          assert: Fn.conditionEquals(parameter, String(intervalMinutes)),
          assertDescription: `intervalMinutes is ${intervalMinutes} here, but data of another length is stored: see docs/how-to/change-a-live-deployment.md`,
        },
      ],
    });
  }

  /**
   * Zones by number, resolved at deployment. CDK's default is two zones in a stack without an account. In a stack with one, it
   * looks up their names in the account, so synth would need credentials.
   */
  public override get availabilityZones(): string[] {
    return Array.from({ length: this.config.availabilityZones }, (_, index) => Fn.select(index, Fn.getAzs()));
  }
}
