import { type CfnResource, CfnOutput } from 'aws-cdk-lib';
import { AwsSolutionsChecks, type IApplyRule, type NagRuleResult, ServerlessChecks } from 'cdk-nag';
import { type IConstruct } from 'constructs';
import { flatten } from './acknowledge';

/** AWS's own advice. Findings are acknowledged in the code of their construct. */
export class SolutionsChecks extends AwsSolutionsChecks {
  protected override applyRule(params: IApplyRule): void {
    super.applyRule(named(params));
  }
}

/** The advice of the Serverless lens of the Well-Architected Framework. */
export class ServerlessLensChecks extends ServerlessChecks {
  protected override applyRule(params: IApplyRule): void {
    super.applyRule(named(params));
  }
}

/**
 * When the checks run, a resource of another stack is an export of that stack, with a long generated name. A finding names the
 * export's value instead, as it does within a stack: `<LakeBucket.Arn>/raw/*`.
 */
function named(params: IApplyRule): IApplyRule {
  const rule = (node: CfnResource): NagRuleResult => {
    const result = params.rule(node);
    return Array.isArray(result) ? result.map((finding) => followOutputs(finding, node)) : result;
  };
  // cdk-nag derives the rule's id from the function's name.
  return { ...params, rule: Object.defineProperty(rule, 'name', { value: params.rule.name }) };
}

function followOutputs(finding: string, node: CfnResource): string {
  return finding.replace(
    /[\w-]+:(ExportsOutput\w+)/g,
    (reference: string, output: string) => outputs(node.node.root).get(output) ?? reference,
  );
}

const known = new WeakMap<IConstruct, ReadonlyMap<string, string>>();

/** The value of each output of an app, by its logical id. */
function outputs(app: IConstruct): ReadonlyMap<string, string> {
  const found =
    known.get(app) ??
    new Map(
      app.node
        .findAll()
        .filter((each) => each instanceof CfnOutput)
        .map(({ stack, logicalId, value }) => [stack.resolve(logicalId) as string, flatten(stack.resolve(value))]),
    );
  known.set(app, found);
  return found;
}
