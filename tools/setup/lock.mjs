import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // Someone else's process, but a process.
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

/** Removes the lock of a process that is gone. Renaming first: of several that try, one moves it. */
function breakLock(file, pid) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    // Between reading and renaming another may have broken it and taken it anew: put that one back.
    if (holder(aside) !== pid) {
      renameSync(aside, file);
      return;
    }
    rmSync(aside, { force: true });
  } catch {
    // Another was quicker.
  }
}

/** Runs `work` while no other process of this clone runs its own; the lock of a crashed process counts for nothing. */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    const pid = holder(file);
    if (pid !== undefined && pid !== '' && !alive(Number(pid))) {
      breakLock(file, pid);
      continue;
    }
    if (!told) {
      console.log(`setup: waiting for process ${pid}, which is installing`);
      told = true;
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
