import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository. */
import { ROOT } from '../kit/root';

export { ROOT };

const LINK = join(ROOT, '.local', 'engines');

/**
 * What setup installs: jars, Python environments, class archives. By its real name, where it is linked from elsewhere: a class
 * archive counts for the class path only with which it was made, name for name.
 */
export const ENGINES = existsSync(LINK) ? realpathSync(LINK) : LINK;

/**
 * The path of something that setup installs.
 * @throws Error naming the command that installs it, if it is not there
 */
export function installed(engine: string, ...rest: readonly string[]): string {
  const path = join(ENGINES, engine, ...rest);
  if (!existsSync(path)) {
    throw new Error(`${engine} is not installed: run 'node tools/setup/setup.mjs'`);
  }
  return path;
}
