import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationValidatePlugin,
  type IPolicyValidationContext,
  type PolicyValidationPluginReport,
} from 'aws-cdk-lib';

/**
 * CDK's validation of templates against the schemas of CloudFormation, with the rules of `deploy.guard`.
 *
 * It takes a value that no enumeration has for a warning, though the deployment fails of it: here each warning is an error.
 */
export class DeployChecks extends CloudFormationValidatePlugin {
  constructor() {
    super({ guardRules: [{ name: 'deploy', content: readFileSync(join(__dirname, 'deploy.guard'), 'utf8') }] });
  }

  public override validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const report = super.validate(context);
    const violations = report.violations.map((each) =>
      each.severity === 'warning' ? { ...each, severity: 'error' } : each,
    );
    return { ...report, violations, success: violations.every(({ severity }) => severity !== 'error') };
  }
}
