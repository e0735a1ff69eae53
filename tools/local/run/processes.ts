/** The processes of a run, as Linux shows them; none elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the children of each process; undefined except on Linux. */
function childrenByParent(): ReadonlyMap<number, readonly number[]> | undefined {
  const children = new Map<number, number[]>();
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const parent = parentOf(Number(pid));
      if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
    }
    return children;
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    // `pid (command) state parent …`: the command may contain spaces and brackets, so parse after the last closing one.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** Ids of a process and of all below it; undefined except on Linux. */
export function treeOf(root: number): number[] | undefined {
  const children = childrenByParent();
  if (!children) return undefined;
  const found: number[] = [];
  const left = [root];
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    found.push(pid);
    left.push(...(children.get(pid) ?? []));
  }
  return found;
}

/** The command line of a process, or its title; empty if there is none. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Sends a signal to those that have not ended. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
