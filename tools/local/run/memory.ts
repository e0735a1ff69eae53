/** Memory of the whole run: the processes below this one, by the kernel's own account. Linux only; elsewhere undefined. */
import { readdirSync, readFileSync } from 'node:fs';

/** Proportional set size in MB of this process and all its descendants (shared pages counted once). */
export function memoryOfTree(root: number = process.pid): number | undefined {
  const children = childrenByParent();
  if (!children) return undefined;
  let kilobytes = 0;
  const left = [root];
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    kilobytes += proportionalSetSize(pid);
    left.push(...(children.get(pid) ?? []));
  }
  return Math.round(kilobytes / 1024);
}

function childrenByParent(): Map<number, number[]> | undefined {
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
    // The command may hold spaces and brackets, so read from its closing one: "pid (command) state parent …".
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function proportionalSetSize(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
