/** One resource of a template, and readers of its properties whose errors name resource, property and value. */
import { type TemplateResource } from '../../lib/templates';
import { type CloudAssembly } from './cloud-assembly';

/** A resource that the stack creates, its properties resolved on demand. */
export interface Found {
  readonly logicalId: string;
  readonly path: string;
  readonly resource: TemplateResource;
  ref(): string;
  attribute(name: string): string;
  property(name: string): unknown;
}

/** All resources of the assembly. */
export interface Resources {
  ofType(type: string): readonly Found[];
  /** The custom resources: a function of the app creates them while CloudFormation deploys. */
  custom(): readonly Found[];
}

/** @throws Error naming resource, property and value unless it is text */
export function text(found: Found, property: string, fallback?: string): string {
  const value = found.property(property) ?? fallback;
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`${found.path}: ${property} must be text, got ${JSON.stringify(value)}`);
}

/** @throws Error naming resource, property and value unless it is a number (CloudFormation also accepts text) */
export function number(found: Found, property: string, fallback?: number): number {
  const value = found.property(property) ?? fallback;
  if (value !== undefined && value !== '' && Number.isFinite(Number(value))) return Number(value);
  throw new Error(`${found.path}: ${property} must be a number, got ${JSON.stringify(value)}`);
}

/** @throws Error naming the property if it is set: it changes what happens in AWS, and the local run ignores it */
export function rejectSet(found: Found, properties: readonly string[]): void {
  for (const property of properties) {
    if (found.property(property) !== undefined) {
      throw new Error(`${found.path}: the local run does not implement ${property}`);
    }
  }
}

/** The asset folder behind an object key of the bootstrap bucket. */
export function assetDirectory(found: Found, assembly: CloudAssembly, key: unknown): string {
  const asset = assembly.assets.get(String(key));
  if (!asset) throw new Error(`${found.path}: no asset of the assembly is uploaded as '${String(key)}'`);
  if (asset.packaging !== 'zip') {
    throw new Error(`${found.path}: asset '${asset.path}' must be a folder, it is packaged as '${asset.packaging}'`);
  }
  return asset.path;
}
