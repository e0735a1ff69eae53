import {
  type IPolicyValidationContext,
  type IPolicyValidationPlugin,
  type PolicyValidationPluginReport,
} from 'aws-cdk-lib';
import { type PipelineConfig } from '../config';
import { readTemplate } from '../templates';
import { EVENT_SOURCE_RULES } from './event-sources';
import { IAM_RULES } from './iam';
import { KAFKA_RULES } from './kafka';
import { KEY_RULES } from './keys';
import { RELATION_RULES } from './relations';
import { AppTemplates, type Rule } from './rule';
import { STORE_RULES } from './stores';
import { TOPIC_RULES } from './topics';

/** The rules of this project. */
export const RULES: readonly Rule[] = [
  ...EVENT_SOURCE_RULES,
  ...TOPIC_RULES,
  ...KAFKA_RULES,
  ...STORE_RULES,
  ...RELATION_RULES,
  ...IAM_RULES,
  ...KEY_RULES,
];

/**
 * The rules of this project as a validation plugin: an error stops synth and names the rule, the resource and what is allowed.
 * A finding that is correct can be acknowledged as `Pipeline::<rule>`.
 */
export class PipelineChecks implements IPolicyValidationPlugin {
  public readonly name = 'Pipeline';
  public readonly ruleIds = RULES.map(({ name }) => name);

  constructor(private readonly config: PipelineConfig) {}

  public validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const app = new AppTemplates(
      context.stackTemplates.map(({ templatePath: path }) => ({ path, template: readTemplate(path) })),
    );
    const violations = RULES.flatMap(({ name, check }) =>
      check(app, this.config).map(({ at, location, message }) => ({
        ruleName: name,
        description: message,
        severity: 'error',
        violatingResources: [{ resourceLogicalId: at.id, templatePath: at.stack.path, locations: [location] }],
      })),
    );
    return { success: violations.length === 0, violations };
  }
}
