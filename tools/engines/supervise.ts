import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endLeftovers, register } from './leftovers';

/** What to run and how to know that it is up. */
export interface Command {
  /** `kafka`, `airflow-scheduler`, …; also the name of the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Folder of this process, absolute; also its working directory. */
  readonly dir: string;
  /** The whole environment of the child. @default - this process's */
  readonly env?: NodeJS.ProcessEnv;
  /** Polled until it resolves to true; may throw until then. @default - ready as soon as it is started */
  readonly ready?: () => Promise<boolean>;
  /** How long `ready` may take, ms. @default 120000 */
  readonly readyWithin?: number;
  /** How long SIGTERM may take before SIGKILL, ms. @default 10000 */
  readonly stopWithin?: number;
}

export interface Supervised {
  readonly pid: number;
  readonly log: string;
  /** Resolves when the process has ended: its exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Whether the process is running. */
  running(): boolean;
  /** SIGTERM, then SIGKILL after `stopWithin`; waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL to the whole process group, like a power cut; waits for the end. */
  kill9(): Promise<void>;
  /** SIGSTOP: alive, connections open, no responses. */
  suspend(): void;
  resume(): void;
}

const LEAST_DISK = 512 * 1024 * 1024;
const LONGEST_LOG = 16 * 1024 * 1024;
const living = new Set<ChildProcess>();
let hooked = false;

/** Each child leads its own process group, so the signal reaches what it forked. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    try {
      process.kill(-child.pid, name);
    } catch {
      // It ended between the check and the signal.
    }
  }
}

/** No child may outlive this process, however it ends. */
function hookExit(): void {
  if (hooked) {
    return;
  }
  hooked = true;
  process.on('exit', () => {
    for (const child of living) {
      signal(child, 'SIGKILL');
    }
  });
  // Without a listener these signals end Node without the 'exit' event. If the program has its own listener, it decides when to exit.
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(name, () => {
      if (process.listenerCount(name) === 1) {
        process.exit(code);
      }
    });
  }
}

/** The end of a log, at most `bytes` of it. */
export function lastLines(file: string, bytes = 2000): string {
  if (!existsSync(file)) {
    return '';
  }
  const size = statSync(file).size;
  const buffer = Buffer.alloc(Math.min(size, bytes));
  const fd = openSync(file, 'r');
  try {
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
  } finally {
    closeSync(fd);
  }
  return buffer.toString('utf8').trim();
}

/**
 * Starts a process and waits until it is ready. Its output goes to `<dir>/<name>.log`; it ends with this process. A leftover
 * of a crashed run is ended first.
 * @throws Error with the end of the log, if it ends early or is not ready in time; Error of one line, if the disk is nearly full
 */
export async function supervise(spec: Command): Promise<Supervised> {
  mkdirSync(spec.dir, { recursive: true });
  const disk = statfsSync(spec.dir);
  if (disk.bavail * disk.bsize < LEAST_DISK) {
    throw new Error(`${spec.name}: less than ${LEAST_DISK >> 20} MB free in ${spec.dir}: free some space`);
  }
  const log = join(spec.dir, `${spec.name}.log`);
  await endLeftovers(spec.name, spec.dir);
  hookExit();
  // A restart appends to the same log, so that it has the whole history; a log that is too long starts again.
  const output = openSync(log, existsSync(log) && statSync(log).size > LONGEST_LOG ? 'w' : 'a');
  const child = spawn(spec.command, [...spec.args], {
    cwd: spec.dir,
    env: spec.env ?? process.env,
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  living.add(child);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (status, signalName) => resolve(status ?? signalName!));
  });
  if (child.pid === undefined) {
    living.delete(child);
    const [error] = (await once(child, 'error')) as [Error];
    throw new Error(`${spec.name}: cannot run ${spec.command}: ${error.message}`);
  }
  const unregister = register(spec.name, spec.dir, child.pid);
  void ended.then(() => {
    living.delete(child);
    unregister();
  });
  const running = () => child.exitCode === null && child.signalCode === null;
  const end = async (name: NodeJS.Signals) => {
    signal(child, name);
    await ended;
  };
  const stop = async () => {
    signal(child, 'SIGCONT');
    signal(child, 'SIGTERM');
    const late = setTimeout(() => signal(child, 'SIGKILL'), spec.stopWithin ?? 10_000);
    await ended;
    clearTimeout(late);
  };

  const deadline = Date.now() + (spec.readyWithin ?? 120_000);
  while (spec.ready !== undefined) {
    if (!running()) {
      throw new Error(
        `${spec.name} ended while starting (code ${child.exitCode}); last lines of ${log}:\n${lastLines(log)}`,
      );
    }
    if (Date.now() > deadline) {
      await end('SIGKILL');
      throw new Error(
        `${spec.name} was not ready after ${(spec.readyWithin ?? 120_000) / 1000} s; last lines of ${log}:\n${lastLines(log)}`,
      );
    }
    if (await spec.ready().catch(() => false)) {
      break;
    }
    await sleep(100);
  }
  return {
    pid: child.pid,
    log,
    ended,
    running,
    stop,
    kill9: () => end('SIGKILL'),
    suspend: () => signal(child, 'SIGSTOP'),
    resume: () => signal(child, 'SIGCONT'),
  };
}
