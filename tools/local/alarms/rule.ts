/**
 * The rule of a composite alarm: `ALARM("arn") OR NOT OK("name")`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 */
import jsep from 'jsep';
import { type AlarmState } from './evaluate';

type Expression = jsep.Expression;
type CallExpression = jsep.CallExpression;

const AND = 'AND';
const OR = 'OR';
const NOT = 'NOT';
const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] satisfies AlarmState[];

/** AND binds more tightly than OR. */
function parse(rule: string): Expression {
  jsep.addBinaryOp(OR, 1);
  jsep.addBinaryOp(AND, 2);
  jsep.addUnaryOp(NOT);
  try {
    return jsep(rule);
  } finally {
    // The parser's operators are global, and metric math has others.
    jsep.removeBinaryOp(OR);
    jsep.removeBinaryOp(AND);
    jsep.removeUnaryOp(NOT);
  }
}

/**
 * Whether a composite alarm is in alarm, as a function of the states of others by name or ARN.
 * @throws Error if the rule is invalid or not supported here
 */
export function parseRule(rule: string): (stateOf: (alarm: string) => AlarmState) => boolean {
  const root = parse(rule);
  check(root);
  return (stateOf) => {
    const holds = (node: Expression): boolean => {
      switch (node.type) {
        case 'UnaryExpression':
          return !holds(node.argument as Expression);
        case 'BinaryExpression': {
          const [left, right] = [node.left as Expression, node.right as Expression];
          return node.operator === AND ? holds(left) && holds(right) : holds(left) || holds(right);
        }
        default: {
          const { callee, arguments: args } = node as CallExpression;
          return stateOf(String((args[0] as jsep.Literal).value)) === (callee as jsep.Identifier).name;
        }
      }
    };
    return holds(root);
  };

  function check(node: Expression): void {
    if (node.type === 'UnaryExpression' && node.operator === NOT) return check(node.argument as Expression);
    if (node.type === 'BinaryExpression' && [AND, OR].includes(node.operator as string)) {
      return [node.left, node.right].forEach((side) => check(side as Expression));
    }
    const { callee, arguments: args } = node as CallExpression;
    const isState = node.type === 'CallExpression' && STATES.includes(String((callee as jsep.Identifier).name));
    if (!isState || args.length !== 1 || typeof args[0].value !== 'string') {
      throw new Error(`alarm rule must be of ALARM, OK and INSUFFICIENT_DATA with AND, OR and NOT, got '${rule}'`);
    }
  }
}
