import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOME } from './home.cjs';

/** A process id with its start time: ids are reused, the pair is not. */
interface Identity {
  readonly pid: number;
  readonly since: string;
}

interface Entry extends Identity {
  /** `kafka`, `airflow-scheduler`, … */
  readonly name: string;
  /** The process's own folder. */
  readonly dir: string;
  /** The process that started it. */
  readonly owner: Identity;
}

/** One small file per process that was started with this home, whatever folder it works in. */
const REGISTRY = join(HOME, 'pids');

/** When a process started, in the system's own unit; empty if there is no such process. */
function since(pid: number): string {
  try {
    if (existsSync('/proc/self/stat')) {
      // Field 22, counted after the command's name, which may contain spaces and brackets.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields[0] === 'Z' ? '' : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

function isAlive(identity: Identity): boolean {
  return identity.since !== '' && since(identity.pid) === identity.since;
}

function read(file: string): Entry | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Entry;
  } catch {
    return undefined; // Half written by a run that was killed, or just removed by another one.
  }
}

/** Records a started process, so that a later run can end it if this one is killed. Returns the function that removes the record. */
export function register(name: string, dir: string, pid: number): () => void {
  mkdirSync(REGISTRY, { recursive: true });
  const file = join(REGISTRY, `${pid}.json`);
  const owner = { pid: process.pid, since: since(process.pid) };
  const entry: Entry = { name, dir, pid, since: since(pid), owner };
  writeFileSync(file, JSON.stringify(entry));
  return () => rmSync(file, { force: true });
}

/**
 * Ends recorded processes whose owner is gone. Id and start time must match, so no other process is ever ended.
 * @throws Error of one line, if a living run uses the folder `dir` under the same name
 */
export async function endLeftovers(name: string, dir: string): Promise<void> {
  for (const file of existsSync(REGISTRY) ? readdirSync(REGISTRY).map((base) => join(REGISTRY, base)) : []) {
    const entry = read(file);
    if (entry !== undefined && isAlive(entry) && isAlive(entry.owner)) {
      if (entry.dir === dir && entry.name === name) {
        throw new Error(`${name}: ${dir} is in use by process ${entry.owner.pid}: stop that run first`);
      }
      continue;
    }
    for (let tries = 0; entry !== undefined && isAlive(entry) && tries < 50; tries++) {
      try {
        process.kill(-entry.pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
      await sleep(100);
    }
    rmSync(file, { force: true });
  }
}

const hex = (text: string) => Buffer.from(text).toString('hex');

/** `<prefix>-<pid>-<since, in hex>-<random>`: the name holds the owner, so no folder is ever without one. */
const OWNED = /^-(?<pid>\d+)-(?<since>[0-9a-f]+)-[A-Za-z0-9]{6}$/;

function ownerOf(prefix: string, name: string): Identity | undefined {
  const found = name.startsWith(`${prefix}-`) ? OWNED.exec(name.slice(prefix.length))?.groups : undefined;
  return found && { pid: Number(found.pid), since: Buffer.from(found.since, 'hex').toString() };
}

/**
 * An empty folder for this process, below the system's temporary one unless another is named. Its maker removes it. The call
 * also removes the folders that killed processes of this user left under the same prefix.
 */
export function ownedFolder(prefix: string, parent: string = tmpdir()): string {
  for (const name of readdirSync(parent)) {
    const owner = ownerOf(prefix, name);
    if (owner === undefined || isAlive(owner)) continue;
    const folder = join(parent, name);
    // Another process may have removed it in between.
    if (statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.())
      rmSync(folder, { recursive: true, force: true });
  }
  return mkdtempSync(join(parent, `${prefix}-${process.pid}-${hex(since(process.pid))}-`));
}
