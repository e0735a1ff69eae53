import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const LOCAL = join(ROOT, '.local');
export const ENGINES = join(LOCAL, 'engines');
export const SOURCES = join(ROOT, 'tools', 'engines');

/** A failure that the reader can act on: its message is all there is to say. */
export class SetupError extends Error {}

/** One hash over texts and the contents of files of the repository. */
export function fingerprint(files, ...texts) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(readFileSync(join(ROOT, file)));
  }
  return hash.update(texts.join('\n')).digest('hex');
}

export function stamped(folder, value) {
  const stamp = join(folder, '.setup-stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === value;
}

/** Written last: a folder without its stamp is half done, and done again. */
export function writeStamp(folder, value) {
  writeFileSync(join(folder, '.setup-stamp'), value);
}

/**
 * Runs a command, its output in .local/logs/setup-<name>.log, and once more if it fails: registries have bad moments.
 * @throws SetupError with the end of the log
 */
export async function execute(name, command, args, options = {}) {
  const logs = join(LOCAL, 'logs');
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `setup-${name}.log`);
  for (let attempt = 1; ; attempt++) {
    const output = openSync(log, attempt === 1 ? 'w' : 'a');
    const code = await new Promise((resolve) => {
      const child = spawn(command, args, { cwd: ROOT, ...options, stdio: ['ignore', output, output] });
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
