/** A disk of some megabytes that only a test's own processes see: in a mount namespace, so that nothing is left of it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';

export interface SmallDisk {
  /** Put before a command, it runs where the disk is. */
  readonly launcher: readonly string[];
  /** It is gone when the last process has ended that was started there. */
  stop(): Promise<void>;
}

/** A user namespace lets everybody mount, where the system allows that. */
const UNSHARE = ['--map-root-user', '--mount'];

/** What is done in the namespace; the folder is `$1`. */
const mounting = (megabytes: number): string =>
  [
    `mount -t tmpfs -o size=${megabytes}m none "$1"`,
    // The node exporter tells the mounts of process 1: there it has to be one that sees this disk.
    'mount --bind /proc/$$ /proc/1',
  ].join(' && ');

const shell = (script: string, folder: string): string[] => [...UNSHARE, 'sh', '-c', script, 'sh', folder];

/** Containers without the right to mount, and systems other than Linux, can't. */
export const canMount = (): boolean => spawnSync('unshare', shell(mounting(1), tmpdir())).status === 0;

export const MOUNT_HINT = 'no disk can be mounted here: run on Linux, in a container with --cap-add SYS_ADMIN';

/** @param folder where the disk is mounted, absolute */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  mkdirSync(folder, { recursive: true });
  // `cat` ends with its input, which ends with this process.
  const script = `${mounting(megabytes)} && echo mounted && exec cat`;
  const holder = spawn('unshare', shell(script, folder), { stdio: ['pipe', 'pipe', 'inherit'] });
  const mounted = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
  if (!Buffer.isBuffer(mounted[0])) throw new Error(MOUNT_HINT);
  return {
    launcher: ['nsenter', '--target', String(holder.pid), '--user', '--mount', '--preserve-credentials', '--'],
    stop: async () => {
      holder.kill('SIGKILL');
      if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit');
    },
  };
}
