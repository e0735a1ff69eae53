import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // A process of another user.
  }
}

function holder(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error;
    }
    return false;
  }
}

/** Removes the lock of a process that is gone. It is renamed first, which only one of several processes can do. */
function breakLock(file, pid) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    // Another process may have replaced it between reading and renaming: put that one back.
    if (holder(aside) !== pid) {
      renameSync(aside, file);
      return;
    }
    rmSync(aside, { force: true });
  } catch {
    // Another process removed it first.
  }
}

/** Runs `work` while no other process holds the lock `file`. The lock of a crashed process is ignored. */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  let reported = false;
  while (!take(file)) {
    const pid = holder(file);
    if (pid !== undefined && pid !== '' && !alive(Number(pid))) {
      breakLock(file, pid);
      continue;
    }
    if (!reported) {
      console.log(`setup: waiting for process ${pid}, which is installing`);
      reported = true;
    }
    await sleep(200);
  }
  const release = () => holder(file) === String(process.pid) && rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    release();
    process.removeListener('exit', release);
  }
}
