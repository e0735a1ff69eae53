import { type CloudAssembly } from './cloud-assembly';
import { type FunctionPlan } from './local-plan';
import { assetDirectory, type Found, number, type Resources, text } from './found';

/** The functions that process events: all but those behind custom resources, which only act while CloudFormation deploys. */
export function readFunctions(all: Resources, assembly: CloudAssembly): FunctionPlan[] {
  const functions = all.ofType('AWS::Lambda::Function');
  const deploying = deployTimeFunctions(functions, customResourceTokens(all));
  const layers = layersByArn(all);
  return functions.filter((found) => !deploying.has(found)).map((found) => readFunction(found, layers, assembly));
}

/** The layers, by the ARN that functions name. */
export const layersByArn = (all: Resources): ReadonlyMap<string, Found> =>
  new Map(all.ofType('AWS::Lambda::LayerVersion').map((layer) => [layer.ref(), layer]));

/** @param layers see {@link layersByArn} */
export function readFunction(found: Found, layers: ReadonlyMap<string, Found>, assembly: CloudAssembly): FunctionPlan {
  const runtime = text(found, 'Runtime');
  if (!runtime.startsWith('nodejs')) {
    throw new Error(`${found.path}: the local run hosts Node functions only, Runtime is '${runtime}'`);
  }
  const variables = ((found.property('Environment') ?? {}) as { Variables?: Record<string, unknown> }).Variables ?? {};
  const reserved = 'ReservedConcurrentExecutions';
  return {
    path: found.path,
    logicalId: found.logicalId,
    name: found.ref(),
    arn: found.attribute('Arn'),
    handler: text(found, 'Handler'),
    runtime,
    directory: assetDirectory(found, assembly, (found.property('Code') as { S3Key?: string }).S3Key),
    environment: Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, String(value)])),
    // Lambda's own defaults.
    memoryMb: number(found, 'MemorySize', 128),
    timeoutSeconds: number(found, 'Timeout', 3),
    ...(found.property(reserved) === undefined ? {} : { reservedConcurrency: number(found, reserved) }),
    layers: ((found.property('Layers') ?? []) as string[]).map((arn) => {
      const layer = layers.get(arn);
      if (!layer) throw new Error(`${found.path}: layer '${arn}' is not in the assembly`);
      return assetDirectory(layer, assembly, (layer.property('Content') as { S3Key?: string }).S3Key);
    }),
  };
}

/** ARNs of the functions behind custom resources. Other properties of an ignored type may not be resolvable. */
function customResourceTokens(all: Resources): Set<string> {
  const tokens = new Set<string>();
  for (const found of all.custom()) {
    const token = found.property('ServiceToken');
    if (typeof token === 'string') tokens.add(token);
  }
  return tokens;
}

/** A provider calls the user's handler, whose ARN is in its environment: that function is deploy-time, too. */
function deployTimeFunctions(functions: readonly Found[], tokens: ReadonlySet<string>): Set<Found> {
  const deploying = new Set<Found>();
  let arns = tokens;
  while (arns.size > 0) {
    const next = new Set<string>();
    for (const found of functions) {
      if (deploying.has(found) || !arns.has(found.attribute('Arn'))) continue;
      deploying.add(found);
      const { Variables = {} } = (found.property('Environment') ?? {}) as { Variables?: Record<string, unknown> };
      for (const [name, value] of Object.entries(Variables)) {
        if (name.startsWith('USER_')) next.add(String(value));
      }
    }
    arns = next;
  }
  return deploying;
}
