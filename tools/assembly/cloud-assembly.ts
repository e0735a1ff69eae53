/**
 * The cloud assembly that `cdk synth` writes, as plain data: every stack's template and every file asset. All tools read it here.
 *
 * It is read as JSON rather than through CDK's classes: a tool must see what a deployment gets, and nothing that exists only in the
 * constructs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ArtifactType,
  type AssemblyManifest,
  type AssetManifest,
  type AssetManifestProperties,
  type AwsCloudFormationStackProperties,
  type NestedCloudAssemblyProperties,
} from 'aws-cdk-lib/cloud-assembly-schema';
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
  const { artifacts = {} } = readJson<AssemblyManifest>(join(directory, 'manifest.json'));
  for (const [id, { type, properties }] of Object.entries(artifacts)) {
    if (type === ArtifactType.AWS_CLOUDFORMATION_STACK) {
      const { templateFile, stackName, terminationProtection = false } = properties as AwsCloudFormationStackProperties;
      const file = join(directory, templateFile);
      stacks.push({ name: stackName ?? id, template: readTemplate(file), file, terminationProtection });
    } else if (type === ArtifactType.ASSET_MANIFEST) {
      readAssets(directory, (properties as AssetManifestProperties).file, assets);
    } else if (type === ArtifactType.NESTED_CLOUD_ASSEMBLY) {
      readInto(join(directory, (properties as NestedCloudAssemblyProperties).directoryName), stacks, assets);
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
