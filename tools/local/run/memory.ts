/** Memory of the whole run: this process and all below it, as the kernel counts it. Undefined except on Linux. */
import { readdirSync, readFileSync } from 'node:fs';

/** Proportional set size in MB of a process and all its descendants; shared pages count once. */
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
    // `pid (command) state parent …`: the command may contain spaces and brackets, so parse after the last closing one.
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
