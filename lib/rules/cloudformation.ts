import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationValidatePlugin,
  type IPolicyValidationContext,
  type PolicyValidationPluginReport,
} from 'aws-cdk-lib';
import { RESOURCE_TYPES } from './resource-types';

/** `deploy.guard` with the facts of {@link RESOURCE_TYPES} filled in. */
function guardRules(): string {
  const services = new Set(Object.values(RESOURCE_TYPES).flatMap(({ trusts = [] }) => trusts));
  const list = [...services].map((service) => `'${service}'`).join(', ');
  return readFileSync(join(__dirname, 'deploy.guard'), 'utf8').replace('{{trusted services}}', list);
}

/**
 * CDK's validation of templates against the schemas of CloudFormation, with the rules of `deploy.guard`.
 *
 * It reports a value outside an enumeration as a warning, though the deployment fails with it: here each warning is an error.
 */
export class DeployChecks extends CloudFormationValidatePlugin {
  constructor() {
    super({ guardRules: [{ name: 'deploy', content: guardRules() }] });
  }

  public override validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const report = super.validate(context);
    const violations = report.violations.map((each) =>
      each.severity === 'warning' ? { ...each, severity: 'error' } : each,
    );
    return { ...report, violations, success: violations.every(({ severity }) => severity !== 'error') };
  }
}
