/** Stacks as CDK synthesized them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SUFFIX = '.template.json';

interface Template {
  readonly Resources: Readonly<Record<string, { readonly DeletionPolicy?: string }>>;
}

/** Names of the stacks of a cloud assembly. */
export function stacksOf(assembly: string): string[] {
  return readdirSync(assembly)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length));
}

/** `stack logicalId` of each resource that stays when its stack goes. */
export function retainedIn(assembly: string): string[] {
  return stacksOf(assembly).flatMap((stack) => {
    const { Resources } = JSON.parse(readFileSync(join(assembly, `${stack}${SUFFIX}`), 'utf8')) as Template;
    return Object.entries(Resources)
      .filter(([, { DeletionPolicy }]) => DeletionPolicy?.startsWith('Retain'))
      .map(([id]) => `${stack} ${id}`);
  });
}

interface Manifest {
  readonly artifacts: Readonly<Record<string, { readonly properties?: { readonly terminationProtection?: boolean } }>>;
}

/** Names of the stacks that can't be deleted until their protection is lifted. */
export function protectedIn(assembly: string): string[] {
  const { artifacts } = JSON.parse(readFileSync(join(assembly, 'manifest.json'), 'utf8')) as Manifest;
  return stacksOf(assembly).filter((stack) => artifacts[stack]?.properties?.terminationProtection);
}
