import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository. */
export const ROOT = join(__dirname, '..', '..');

/** What setup installs: jars, Python environments, the class archive. */
export const ENGINES = join(ROOT, '.local', 'engines');

/**
 * The path of something that setup installs.
 * @throws Error naming the command that installs it, if it is not there
 */
export function installed(engine: string, ...rest: readonly string[]): string {
  const path = join(ENGINES, engine, ...rest);
  if (!existsSync(path)) {
    throw new Error(`${engine} is not installed: run 'node local/setup.mjs'`);
  }
  return path;
}
