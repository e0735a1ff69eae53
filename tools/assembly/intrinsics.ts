/**
 * CloudFormation's intrinsic functions, resolved for the local account.
 *
 * Lazy: only what is read is resolved, so that a type that is never run needs no physical id.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
import { type Stack } from './cloud-assembly';
import { ACCOUNT, PARTITION, REGION, URL_SUFFIX } from './local-account';
import { type Described, physicalId } from './physical-ids';

export interface Resolver {
  /**
   * The value of a piece of template, every intrinsic replaced.
   * @param at its place, for errors: a logical id or output name
   * @throws Error naming stack, logical id and attribute if something can't be resolved
   */
  resolve(stack: Stack, node: unknown, at: string): unknown;
  /** The physical id, as `Ref` gives it. */
  ref(stack: Stack, logicalId: string): string;
  attribute(stack: Stack, logicalId: string, attribute: string): string;
  /** False if the resource's condition is false. */
  exists(stack: Stack, logicalId: string): boolean;
  output(stack: Stack, name: string): unknown;
}

/** The value of `AWS::NoValue`: the property or list element that holds it is removed. */
const NO_VALUE = Symbol('AWS::NoValue');

const AVAILABILITY_ZONES = ['a', 'b', 'c'].map((zone) => `${REGION}${zone}`);

type Place = { readonly stack: Stack; readonly at: string };
type Intrinsic = (argument: unknown, place: Place) => unknown;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fail = ({ stack, at }: Place, problem: string): never => {
  throw new Error(`${stack.name}/${at}: ${problem}`);
};

/**
 * @param parameters values of template parameters that have no default, by name
 */
export function createResolver(stacks: readonly Stack[], parameters: Readonly<Record<string, string>> = {}): Resolver {
  const resolving: string[] = [];

  /** Runs one resolution; a value that depends on itself is an error instead of a stack overflow. */
  function once<T>(key: string, work: () => T): T {
    if (resolving.includes(key)) throw new Error(`circular reference: ${[...resolving, key].join(' → ')}`);
    resolving.push(key);
    try {
      return work();
    } finally {
      resolving.pop();
    }
  }

  function describe(stack: Stack, logicalId: string): Described {
    return {
      stack: stack.name,
      logicalId,
      property: (property) =>
        once(`${stack.name}/${logicalId}.${property}`, () => {
          const value = resolve(stack, stack.template.Resources![logicalId].Properties?.[property], logicalId);
          return value;
        }),
    };
  }

  function typeOf(place: Place, logicalId: string) {
    const resource = place.stack.template.Resources?.[logicalId];
    if (!resource) return fail(place, `refers to '${logicalId}', which is neither a resource nor a parameter`);
    const type = physicalId(resource.Type);
    if (!type) return fail(place, `refers to '${logicalId}', but no physical id is known for ${resource.Type}`);
    return type;
  }

  function attributeAt(place: Place, logicalId: string, attribute: string): string {
    const of = typeOf(place, logicalId).attributes?.[attribute];
    if (!of) {
      const type = place.stack.template.Resources![logicalId].Type;
      return fail(place, `reads '${logicalId}.${attribute}', but ${type} has no attribute '${attribute}' known here`);
    }
    return of(describe(place.stack, logicalId));
  }

  function refAt(place: Place, name: string): unknown {
    const pseudo: Record<string, unknown> = {
      'AWS::AccountId': ACCOUNT,
      'AWS::Region': REGION,
      'AWS::Partition': PARTITION,
      'AWS::URLSuffix': URL_SUFFIX,
      'AWS::StackName': place.stack.name,
      'AWS::StackId': `arn:${PARTITION}:cloudformation:${REGION}:${ACCOUNT}:stack/${place.stack.name}/local`,
      'AWS::NotificationARNs': [],
      'AWS::NoValue': NO_VALUE,
    };
    if (name in pseudo) return pseudo[name];
    const parameter = place.stack.template.Parameters?.[name];
    if (!parameter) return typeOf(place, name).ref(describe(place.stack, name));
    if (name in parameters) return parameters[name];
    if (parameter.Type.startsWith('AWS::SSM::')) {
      return fail(place, `needs parameter '${name}' from SSM (${parameter.Type}), which has no local value`);
    }
    return parameter.Default ?? fail(place, `needs parameter '${name}', which has neither a default nor a local value`);
  }

  function conditionAt(place: Place, name: string): boolean {
    const condition = place.stack.template.Conditions?.[name];
    if (condition === undefined) return fail(place, `uses condition '${name}', which the template does not define`);
    return once(`${place.stack.name}/condition ${name}`, () => test(condition, place));
  }

  function test(node: unknown, place: Place): boolean {
    const value =
      isObject(node) && typeof node.Condition === 'string' ? conditionAt(place, node.Condition) : walk(node, place);
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    return fail(place, `a condition must be true or false, got ${JSON.stringify(value)}`);
  }

  function outputAt(place: Place, stackName: string, outputName: string): unknown {
    const target = stacks.find(({ name }) => name === stackName);
    if (!target)
      return fail(place, `reads output '${outputName}' of stack '${stackName}', which is not in the assembly`);
    const output = target.template.Outputs?.[outputName];
    if (!output) return fail(place, `reads output '${outputName}', which stack '${stackName}' does not have`);
    return once(`${stackName}/output ${outputName}`, () => resolve(target, output.Value, outputName));
  }

  function importAt(place: Place, exported: string): unknown {
    for (const stack of stacks) {
      for (const [name, output] of Object.entries(stack.template.Outputs ?? {})) {
        if (output.Export && resolve(stack, output.Export.Name, name) === exported) {
          return outputAt(place, stack.name, name);
        }
      }
    }
    return fail(place, `imports '${exported}', which no stack of the assembly exports`);
  }

  function list(node: unknown, place: Place, what: string): unknown[] {
    const value = walk(node, place);
    return Array.isArray(value) ? value : fail(place, `${what} needs a list, got ${JSON.stringify(value)}`);
  }

  function text(node: unknown, place: Place, what: string): string {
    const value = walk(node, place);
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return fail(place, `${what} needs text, got ${value === NO_VALUE ? 'AWS::NoValue' : JSON.stringify(value)}`);
  }

  /** The raw arguments of an intrinsic with a list: they are resolved one by one, as some may stay unresolved. */
  function operands(argument: unknown, place: Place, what: string, count: number): unknown[] {
    if (Array.isArray(argument) && argument.length === count) return argument;
    return fail(place, `${what} takes ${count} arguments, got ${JSON.stringify(argument)}`);
  }

  const intrinsics: Record<string, Intrinsic> = {
    Ref: (argument, place) => refAt(place, String(argument)),
    'Fn::GetAtt': (argument, place) => {
      const [logicalId, ...rest] = typeof argument === 'string' ? argument.split('.') : (argument as unknown[]);
      return attributeAt(place, String(logicalId), rest.map((part) => text(part, place, 'Fn::GetAtt')).join('.'));
    },
    'Fn::Sub': (argument, place) => {
      const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
      return String(template).replace(/\$\{(!?)([^}]*)\}/g, (_, literal: string, name: string) => {
        if (literal) return `\${${name}}`;
        const local = (variables as Record<string, unknown>)[name];
        if (local !== undefined) return text(local, place, 'Fn::Sub');
        const [logicalId, ...attribute] = name.trim().split('.');
        return attribute.length === 0
          ? text({ Ref: logicalId }, place, 'Fn::Sub')
          : attributeAt(place, logicalId, attribute.join('.'));
      });
    },
    'Fn::Join': (argument, place) => {
      const [separator, values] = operands(argument, place, 'Fn::Join', 2);
      return list(values, place, 'Fn::Join')
        .map((value) => text(value, place, 'Fn::Join'))
        .join(String(separator));
    },
    'Fn::Select': (argument, place) => {
      const [at, values] = operands(argument, place, 'Fn::Select', 2);
      const index = Number(text(at, place, 'Fn::Select'));
      const from = list(values, place, 'Fn::Select');
      return index in from ? from[index] : fail(place, `Fn::Select asks for element ${index} of ${from.length}`);
    },
    'Fn::Split': (argument, place) => {
      const [separator, value] = operands(argument, place, 'Fn::Split', 2);
      return text(value, place, 'Fn::Split').split(String(separator));
    },
    'Fn::GetAZs': (argument, place) => {
      const region = text(argument, place, 'Fn::GetAZs') || REGION;
      return region === REGION
        ? AVAILABILITY_ZONES
        : fail(place, `Fn::GetAZs: only ${REGION} is known, got '${region}'`);
    },
    'Fn::Base64': (argument, place) => Buffer.from(text(argument, place, 'Fn::Base64')).toString('base64'),
    'Fn::ImportValue': (argument, place) => importAt(place, text(argument, place, 'Fn::ImportValue')),
    'Fn::FindInMap': (argument, place) => {
      const path = operands(argument, place, 'Fn::FindInMap', 3).map((part) => text(part, place, 'Fn::FindInMap'));
      const [map, top, second] = path;
      const value = place.stack.template.Mappings?.[map]?.[top]?.[second];
      return value ?? fail(place, `Fn::FindInMap finds nothing at ${path.join(' / ')}`);
    },
    'Fn::If': (argument, place) => {
      const [condition, then, otherwise] = operands(argument, place, 'Fn::If', 3);
      return walk(conditionAt(place, String(condition)) ? then : otherwise, place);
    },
    'Fn::Equals': (argument, place) => {
      const [left, right] = operands(argument, place, 'Fn::Equals', 2).map((side) => walk(side, place));
      return String(left) === String(right);
    },
    'Fn::Not': (argument, place) => !test(operands(argument, place, 'Fn::Not', 1)[0], place),
    'Fn::And': (argument, place) => (argument as unknown[]).every((part) => test(part, place)),
    'Fn::Or': (argument, place) => (argument as unknown[]).some((part) => test(part, place)),
  };

  function walk(node: unknown, place: Place): unknown {
    if (typeof node === 'string' && node.includes('{{resolve:')) {
      return fail(place, `dynamic reference '${node}' has no local value`);
    }
    if (Array.isArray(node))
      return node.map((element) => walk(element, place)).filter((element) => element !== NO_VALUE);
    if (!isObject(node)) return node;
    const keys = Object.keys(node);
    if (keys.length === 1 && (keys[0] === 'Ref' || keys[0].startsWith('Fn::'))) {
      const intrinsic = intrinsics[keys[0]];
      return intrinsic
        ? intrinsic(node[keys[0]], place)
        : fail(place, `intrinsic function ${keys[0]} is not known here`);
    }
    return Object.fromEntries(
      keys.map((key) => [key, walk(node[key], place)]).filter(([, value]) => value !== NO_VALUE),
    );
  }

  function resolve(stack: Stack, node: unknown, at: string): unknown {
    const value = walk(node, { stack, at });
    return value === NO_VALUE ? undefined : value;
  }

  return {
    resolve,
    ref: (stack, logicalId) => String(refAt({ stack, at: logicalId }, logicalId)),
    attribute: (stack, logicalId, attribute) => attributeAt({ stack, at: logicalId }, logicalId, attribute),
    exists: (stack, logicalId) => {
      const condition = stack.template.Resources?.[logicalId]?.Condition;
      return condition === undefined || conditionAt({ stack, at: logicalId }, condition);
    },
    output: (stack, name) => outputAt({ stack, at: name }, stack.name, name),
  };
}
