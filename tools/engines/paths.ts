import { existsSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ENGINES as FOLDER } from './home.cjs';

/**
 * One folder per installed engine: jars, Python environments, class archives. Symbolic links are resolved, because the JVM
 * accepts a class archive only for the class path that it was made with, name for name.
 */
export const ENGINES = existsSync(FOLDER) ? realpathSync(FOLDER) : FOLDER;

const INSTALLER = join(__dirname, 'install', 'install.mjs');

/**
 * The path of something that the installer puts in place.
 * @throws Error of one line with the command that installs it, if it is missing
 */
export function installed(engine: string, ...rest: readonly string[]): string {
  const path = join(ENGINES, engine, ...rest);
  if (!existsSync(path)) {
    throw new Error(`${engine} is not installed: run 'node ${relative('', INSTALLER)} --only ${engine}'`);
  }
  return path;
}
