/**
 * A function's files as Lambda lays them out: `/var/task`, `/opt` for the layers, and the runtime's own modules. The folders lie outside of
 * the project, because Node looks for a module in the folders above the file that requires it: above an asset in `cdk.out` lies everything
 * that is installed for the project, above a deployed function nothing.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownedFolder } from '../../engines';
import { ROOT } from '../../kit/root';

export interface RuntimeLayout {
  /** The folder with the handler's file. */
  readonly task: string;
  /** Where the function finds modules that are not in its bundle, as the value of `NODE_PATH`. Imports don't look there. */
  readonly nodePath: string;
  remove(): void;
}

export interface FunctionFiles {
  /** Absolute path of the asset's folder. */
  readonly directory: string;
  /** Absolute paths of the layers' asset folders. */
  readonly layers: readonly string[];
}

const PREFIX = 'pipeline-function';
const SDK = join(ROOT, 'node_modules', '@aws-sdk');

/** @throws Error if a folder above `folder` holds modules, which Node would find */
function standAlone(folder: string): void {
  const above = dirname(folder);
  const modules = join(above, 'node_modules');
  if (existsSync(modules)) throw new Error(`TMPDIR must have no node_modules above it, there is ${modules}`);
  if (above !== dirname(above)) standAlone(above);
}

/** A folder for functions to be laid out in, below the system's temporary one unless another is named. */
export function runtimeFolder(parent?: string): { readonly path: string; remove(): void } {
  const path = ownedFolder(PREFIX, parent);
  const remove = () => rmSync(path, { recursive: true, force: true });
  try {
    standAlone(path);
  } catch (error) {
    remove();
    throw error;
  }
  return { path, remove };
}

/**
 * Makes `<folder>/var/runtime/node_modules` with links to the clients of the AWS SDK. Node follows a link before it looks for what a client
 * itself requires: the clients find their own packages, the function finds only the clients.
 *
 * @returns the folder with the modules
 */
export function layRuntime(folder: string): string {
  const modules = join(folder, 'var', 'runtime', 'node_modules');
  mkdirSync(join(modules, '@aws-sdk'), { recursive: true });
  for (const name of readdirSync(SDK).filter((each) => each.startsWith('client-'))) {
    symlinkSync(join(SDK, name), join(modules, '@aws-sdk', name), 'dir');
  }
  return modules;
}

const DUCKDB = join('@duckdb', 'node-bindings');

/** The machine that runs the function: Lambda's is Linux, the local run's may be another. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** What is installed for the project, for this machine. */
  readonly modules: string;
}

const HOST: Host = { platform: process.platform, arch: process.arch, modules: join(ROOT, 'node_modules') };

/**
 * Puts DuckDB's native part for this machine beside the one of the layer, which is for Lambda's.
 * @param modules of the layers
 * @throws Error naming the package if the project has none for this machine
 */
function addHostBindings(modules: string, host: Host): void {
  const native = `${DUCKDB}-${host.platform}-${host.arch}`;
  if (!existsSync(join(modules, DUCKDB)) || existsSync(join(modules, native))) return;
  const own = join(host.modules, native);
  if (!existsSync(own)) {
    throw new Error(`the package ${native} must be installed to run DuckDB on this machine: npm ci --include=optional`);
  }
  cpSync(own, join(modules, native), { recursive: true });
}

/** Copies a function's files to a folder of its own. @param host @default - this machine */
export function layOut({ directory, layers }: FunctionFiles, host: Host = HOST): RuntimeLayout {
  const { path, remove } = runtimeFolder();
  const task = join(path, 'var', 'task');
  const opt = join(path, 'opt');
  cpSync(directory, task, { recursive: true });
  // A later layer's file replaces an earlier one's.
  for (const layer of layers) cpSync(layer, opt, { recursive: true });
  const modules = join(opt, 'nodejs', 'node_modules');
  addHostBindings(modules, host);
  return { task, nodePath: [modules, layRuntime(path)].join(':'), remove };
}
