/** The files that bucket deployments put into buckets: those of their assets, with markers replaced. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { type DeploymentPlan, type EnvironmentPlan } from '../../assembly/local-plan';

export interface DeployedFile {
  readonly bucket: string;
  readonly key: string;
  readonly body: Buffer;
}

/** In the order of the sources: a later file replaces an earlier one, as in the deployment. */
export function deployedFiles(deployments: readonly DeploymentPlan[]): DeployedFile[] {
  const files = new Map<string, DeployedFile>();
  for (const { bucket, prefix, sources } of deployments) {
    for (const { directory, markers } of sources) {
      for (const path of filesBelow(directory)) {
        const name = relative(directory, path).split(sep).join('/');
        const key = prefix === '' ? name : `${prefix}/${name}`;
        files.set(`${bucket}/${key}`, { bucket, key, body: replaced(readFileSync(path), markers) });
      }
    }
  }
  return [...files.values()];
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function replaced(body: Buffer, markers: Readonly<Record<string, string>>): Buffer {
  // Unchanged bytes where there is nothing to replace: the file may be binary.
  if (Object.keys(markers).length === 0) return body;
  let text = body.toString('latin1');
  for (const [marker, value] of Object.entries(markers)) {
    text = text.replaceAll(marker, Buffer.from(value).toString('latin1'));
  }
  return Buffer.from(text, 'latin1');
}

export async function upload(s3: S3Client, files: readonly DeployedFile[]): Promise<void> {
  for (const { bucket, key, body } of files) {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }
}

/**
 * Writes the DAG folder of an environment, as MWAA syncs it from its bucket. Files of earlier runs are deleted.
 * @throws Error if no deployment puts a file there
 */
export function writeDags(files: readonly DeployedFile[], environment: EnvironmentPlan, folder: string): void {
  const prefix = `${environment.dagPath}/`;
  const dags = files.filter(({ bucket, key }) => bucket === environment.bucket && key.startsWith(prefix));
  if (dags.length === 0) {
    throw new Error(`${environment.path}: no bucket deployment puts a file under ${environment.bucket}/${prefix}`);
  }
  rmSync(folder, { recursive: true, force: true });
  for (const { key, body } of dags) {
    const path = join(folder, key.slice(prefix.length));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
  }
}
