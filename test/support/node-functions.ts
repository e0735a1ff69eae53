import { type CloudAssembly } from '../../tools/assembly/cloud-assembly';
import { type Resources, text } from '../../tools/assembly/found';
import { type FunctionPlan } from '../../tools/assembly/local-plan';
import { layersByArn, readFunction } from '../../tools/assembly/read-functions';

/** All functions in Node, including those behind custom resources and CDK's own. */
export function readNodeFunctions(all: Resources, assembly: CloudAssembly): FunctionPlan[] {
  const layers = layersByArn(all);
  return all
    .ofType('AWS::Lambda::Function')
    .filter((found) => text(found, 'Runtime').startsWith('nodejs'))
    .map((found) => readFunction(found, layers, assembly));
}
