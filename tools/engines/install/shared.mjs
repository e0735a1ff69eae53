import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

export const { HOME, ENGINES, STAMP } = require('../home.cjs');

/** The folder of this package. */
export const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..');

/** A failure that the reader can act on: the message is all that has to be printed. */
export class SetupError extends Error {}

/** One hash over the contents of files, named by absolute paths, and over texts. */
export function fingerprint(files, ...texts) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(readFileSync(file));
  }
  return hash.update(texts.join('\n')).digest('hex');
}

/**
 * Runs a command with its output in HOME/logs/setup-<name>.log, and once more if it fails: registries fail now and then.
 * @throws SetupError with the end of the log
 */
export async function execute(name, command, args, options = {}) {
  const logs = join(HOME, 'logs');
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `setup-${name}.log`);
  for (let attempt = 1; ; attempt++) {
    const output = openSync(log, attempt === 1 ? 'w' : 'a');
    const code = await new Promise((resolve) => {
      const child = spawn(command, args, { cwd: PACKAGE, ...options, stdio: ['ignore', output, output] });
      child.once('error', (error) => resolve(error.message));
      child.once('close', resolve);
    });
    closeSync(output);
    if (code === 0) {
      return;
    }
    if (attempt === 2) {
      const tail = readFileSync(log, 'utf8').trim().split('\n').slice(-15).join('\n');
      throw new SetupError(`${tail}\nsetup: ${name} failed (${code}); the whole log is ${log}`);
    }
  }
}
