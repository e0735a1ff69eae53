/**
 * The part of CloudWatch's metric math that alarms of this project use, for one period at a time. Unsupported names and
 * functions are errors.
 *
 * An operator treats a missing value as 0 if its other side is a metric with a value; if no metric has a value, the result has
 * none. A division by 0 has no value.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
import jsep from 'jsep';

type Expression = jsep.Expression;
type CallExpression = jsep.CallExpression;

/** The value of a part of an expression in one period. */
interface Part {
  /** Undefined: no data. */
  readonly value: number | undefined;
  /** Whether it consists of numbers only: without a metric there is no data. */
  readonly constant: boolean;
}

/** Values by the ids in the expression; undefined in a period without data. */
export type PeriodValues = Readonly<Record<string, number | undefined>>;

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
};

const metric = (value: number | undefined): Part => ({ value, constant: false });

function operate(operator: string, left: Part, right: Part): Part {
  const constant = left.constant && right.constant;
  const has = (part: Part) => part.value !== undefined && (constant || !part.constant);
  if (!has(left) && !has(right)) return metric(undefined);
  const result = OPERATORS[operator](left.value ?? 0, right.value ?? 0);
  return { value: Number.isFinite(result) ? result : undefined, constant };
}

/** The maximum of metrics and numbers; undefined if there are metrics and none has data. */
function largest(parts: readonly Part[]): Part {
  const values = parts.flatMap(({ value }) => value ?? []);
  const some =
    parts.every(({ constant }) => constant) || parts.some((part) => !part.constant && part.value !== undefined);
  return metric(some ? Math.max(...values) : undefined);
}

type Evaluate = (node: Expression) => Part;

const FUNCTIONS: Readonly<
  Record<string, (args: readonly Expression[], evaluate: Evaluate, all: PeriodValues) => Part>
> = {
  ABS: ([of], evaluate) => {
    const part = evaluate(of);
    return { ...part, value: part.value === undefined ? undefined : Math.abs(part.value) };
  },
  FILL: ([of, filler], evaluate) => metric(evaluate(of).value ?? evaluate(filler).value),
  IF: ([condition, then, otherwise], evaluate) => {
    const { value } = evaluate(condition);
    return value === undefined ? metric(undefined) : evaluate(value === 0 ? otherwise : then);
  },
  MAX: ([of], evaluate, all) => {
    if (of.type === 'ArrayExpression') return largest(elementsOf(of).map(evaluate));
    return largest(Object.values(all).map(metric));
  },
};

const nameOf = (node: Expression): string | undefined =>
  node.type === 'CallExpression' ? ((node as CallExpression).callee as jsep.Identifier).name : undefined;

const elementsOf = (node: Expression) => (node as jsep.ArrayExpression).elements as readonly Expression[];

/**
 * The expression as a function of a period's values; its result is undefined where there is no data.
 * @param ids that it may use
 * @throws Error if it is invalid or not supported here
 */
export function parseExpression(text: string, ids: readonly string[]): (values: PeriodValues) => number | undefined {
  const root = jsep(text);
  check(root);
  return (values) => {
    const evaluate: Evaluate = (node) => {
      switch (node.type) {
        case 'Literal':
          return { value: node.value as number, constant: true };
        case 'Identifier':
          return metric(values[node.name as string]);
        case 'BinaryExpression':
          return operate(
            node.operator as string,
            evaluate(node.left as Expression),
            evaluate(node.right as Expression),
          );
        default:
          return FUNCTIONS[nameOf(node)!]((node as CallExpression).arguments, evaluate, values);
      }
    };
    return evaluate(root).value;
  };

  /** Finds every error before the first period. */
  function check(node: Expression): void {
    const reject = (what: string): never => {
      throw new Error(`metric math '${text}': ${what}`);
    };
    switch (node.type) {
      case 'Literal':
        return typeof node.value === 'number' ? undefined : reject(`${String(node.raw)} is no number`);
      case 'Identifier':
        return ids.includes(node.name as string) ? undefined : reject(`there is no metric '${String(node.name)}'`);
      case 'BinaryExpression':
        if (!Object.hasOwn(OPERATORS, node.operator as string)) {
          reject(`operator ${String(node.operator)} is not evaluated here`);
        }
        return [node.left, node.right].forEach((side) => check(side as Expression));
      case 'CallExpression': {
        const name = nameOf(node)!;
        const args = (node as CallExpression).arguments;
        if (!Object.hasOwn(FUNCTIONS, name)) reject(`function ${name} is not evaluated here`);
        if (name === 'MAX' && nameOf(args[0]) === 'METRICS') return;
        if (name === 'MAX' && args[0].type !== 'ArrayExpression') {
          reject('MAX must be of an array: of one metric it depends on how much is retrieved');
        }
        return args.forEach(check);
      }
      case 'ArrayExpression':
        return elementsOf(node).forEach(check);
      default:
        return reject(`${node.type} is not evaluated here`);
    }
  }
}
