/** Memory of the whole run: this process and all below it, as the kernel counts it. Undefined except on Linux. */
import { readFileSync } from 'node:fs';
import { treeOf } from './processes';

/** Proportional set size in MB of a process and all its descendants; shared pages count once. */
export function memoryOfTree(root: number = process.pid): number | undefined {
  const kilobytes = treeOf(root)?.reduce((sum, pid) => sum + proportionalSetSize(pid), 0);
  return kilobytes === undefined ? undefined : Math.round(kilobytes / 1024);
}

function proportionalSetSize(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
