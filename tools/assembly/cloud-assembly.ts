/**
 * The cloud assembly that `cdk synth` writes, as plain data: every stack's template and every file asset. All tools read it here.
 *
 * It is read as JSON rather than through CDK's classes: a tool must see what a deployment gets, and nothing that exists only in the
 * constructs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTemplate, type Template } from '../../lib/templates';

export interface Stack {
  readonly name: string;
  readonly template: Template;
}

/** A stack of an assembly on disk. */
export interface StoredStack extends Stack {
  /** Path of the template. */
  readonly file: string;
  /** Whether the stack can't be deleted until its protection is lifted. */
  readonly terminationProtection: boolean;
}

export interface FileAsset {
  /** Absolute path of the folder (`zip`) or file (`file`) that would be uploaded. */
  readonly path: string;
  readonly packaging: 'zip' | 'file';
}

export interface CloudAssembly<S extends Stack = Stack> {
  readonly directory: string;
  readonly stacks: readonly S[];
  /** By the object key under which the asset would be uploaded. */
  readonly assets: ReadonlyMap<string, FileAsset>;
}

interface Manifest {
  readonly artifacts?: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly properties?: {
          readonly templateFile?: string;
          readonly stackName?: string;
          readonly file?: string;
          readonly directoryName?: string;
          readonly terminationProtection?: boolean;
        };
      }
    >
  >;
}

interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string; readonly packaging?: 'zip' | 'file' };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;

/**
 * @param directory the `cdk.out` folder
 * @throws Error if there is no assembly
 */
export function readCloudAssembly(directory: string): CloudAssembly<StoredStack> {
  if (!existsSync(join(directory, 'manifest.json'))) {
    throw new Error(`no cloud assembly in '${directory}': run cdk synth first`);
  }
  const stacks: StoredStack[] = [];
  const assets = new Map<string, FileAsset>();
  readInto(directory, stacks, assets);
  return { directory, stacks, assets };
}

function readInto(directory: string, stacks: StoredStack[], assets: Map<string, FileAsset>): void {
  const manifest = readJson<Manifest>(join(directory, 'manifest.json'));
  for (const [id, { type, properties = {} }] of Object.entries(manifest.artifacts ?? {})) {
    if (type === 'aws:cloudformation:stack' && properties.templateFile !== undefined) {
      const file = join(directory, properties.templateFile);
      stacks.push({
        name: properties.stackName ?? id,
        template: readTemplate(file),
        file,
        terminationProtection: properties.terminationProtection ?? false,
      });
    } else if (type === 'cdk:asset-manifest' && properties.file !== undefined) {
      readAssets(directory, properties.file, assets);
    } else if (type === 'cdk:cloud-assembly' && properties.directoryName !== undefined) {
      readInto(join(directory, properties.directoryName), stacks, assets);
    }
  }
}

function readAssets(directory: string, file: string, assets: Map<string, FileAsset>): void {
  const { files = {} } = readJson<AssetManifest>(join(directory, file));
  for (const { source, destinations } of Object.values(files)) {
    // An asset made by an executable at upload time has no path; nothing here uses one.
    if (source.path === undefined) continue;
    for (const { objectKey } of Object.values(destinations)) {
      assets.set(objectKey, { path: join(directory, source.path), packaging: source.packaging ?? 'file' });
    }
  }
}
