import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOME } from '../../../../tools/engines/home.cjs';
import { endLeftovers, register } from '../../../../tools/engines/leftovers';
import { type Supervised, supervise } from '../../../../tools/engines/supervise';
import { ROOT } from '../../../../tools/kit/root';

const ready = (file: string) => async () => existsSync(file);

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that has not been reaped yet does not count.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 100) {
      throw new Error('the condition was not met within 10 s');
    }
    await sleep(100);
  }
}

describe('a supervised process', () => {
  let dir: string;
  const started: Supervised[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'supervise-'));
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.kill9()));
    rmSync(dir, { recursive: true, force: true });
  });

  async function shell(script: string, options: { readyWithin?: number; stopWithin?: number; name?: string } = {}) {
    const { name = 'probe', ...rest } = options;
    const up = ready(join(dir, 'up'));
    const process = await supervise({ name, dir, command: '/bin/sh', args: ['-c', script], ready: up, ...rest });
    started.push(process);
    return process;
  }

  it('is up once its probe succeeds, and ends when it is stopped', async () => {
    const process = await shell('touch up; while true; do sleep 0.1; done');
    expect(process.running()).toBe(true);
    await process.stop();
    expect(process.running()).toBe(false);
    expect(alive(process.pid)).toBe(false);
  });

  it('is killed when it does not end in time', async () => {
    const process = await shell("trap '' TERM; touch up; while true; do sleep 0.1; done", { stopWithin: 300 });
    await process.stop();
    expect(alive(process.pid)).toBe(false);
  });

  it('ends together with the processes that it forked', async () => {
    const process = await shell('sleep 1000 & echo $! > child; touch up; wait');
    const child = Number(readFileSync(join(dir, 'child'), 'utf8'));
    expect(alive(child)).toBe(true);
    await process.kill9();
    await until(() => !alive(child));
  });

  it('fails with the last lines of its log when it ends early', async () => {
    await expect(shell('echo no such topic; exit 3')).rejects.toThrow(
      /probe ended while starting \(code 3\); last lines of .*probe\.log:\nno such topic/,
    );
  });

  it('is ended and reported when it is not ready in time', async () => {
    await expect(shell('echo $$ > pid; echo waiting; exec sleep 1000', { readyWithin: 500 })).rejects.toThrow(
      /probe was not ready after 0.5 s; last lines of .*:\nwaiting/,
    );
    expect(alive(Number(readFileSync(join(dir, 'pid'), 'utf8')))).toBe(false);
  });

  it('is an error of one line when the command does not exist', async () => {
    const missing = supervise({ name: 'probe', dir, command: join(dir, 'nothing'), args: [] });
    await expect(missing).rejects.toThrow(`probe: cannot run ${join(dir, 'nothing')}: spawn`);
  });

  it('freezes and thaws', async () => {
    const process = await shell('touch up; while true; do date +%N > clock; sleep 0.05; done');
    const clock = () => readFileSync(join(dir, 'clock'), 'utf8');
    await until(() => existsSync(join(dir, 'clock')));
    process.suspend();
    await sleep(200);
    const frozen = clock();
    await sleep(300);
    expect(clock()).toBe(frozen);
    process.resume();
    await until(() => clock() !== frozen);
  });

  it('ends with the process that started it, even if that one is killed by an error', async () => {
    const script = `
      import { supervise } from './tools/engines/supervise';
      const dir = ${JSON.stringify(dir)};
      supervise({ name: 'orphan', dir, command: '/bin/sh', args: ['-c', 'echo $$ > ' + dir + '/pid; exec sleep 1000'],
        ready: async () => (await import('node:fs')).existsSync(dir + '/pid') })
        .then(() => { throw new Error('uncaught'); });`;
    const file = join(HOME, `supervise-${process.pid}.ts`);
    writeFileSync(file, script.replace("'./tools/", `'${ROOT}/tools/`));
    try {
      const code = await new Promise((resolve) => {
        spawn(join(ROOT, 'node_modules', '.bin', 'tsx'), [file], { cwd: ROOT, stdio: 'ignore' }).once('exit', resolve);
      });
      expect(code).toBe(1);
      await until(() => !alive(Number(readFileSync(join(dir, 'pid'), 'utf8'))));
    } finally {
      rmSync(file);
    }
  });
});

describe('leftovers', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'leftovers-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A process, and the record of it that a dead run would have left. */
  function leftover(since: (real: string) => string) {
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    const pid = child.pid ?? 0;
    register('probe', dir, pid);
    const record = join(HOME, 'pids', `${pid}.json`);
    const entry = JSON.parse(readFileSync(record, 'utf8'));
    writeFileSync(
      record,
      JSON.stringify({ ...entry, since: since(entry.since), owner: { pid: 1, since: 'long ago' } }),
    );
    return { child, pid, record };
  }

  it('of a run that is gone are ended', async () => {
    const { child, pid, record } = leftover((real) => real);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await endLeftovers('other', '/elsewhere');
    await ended;
    expect(alive(pid)).toBe(false);
    expect(existsSync(record)).toBe(false);
  });

  it('are left alone when the process id now belongs to another process', async () => {
    const { child, pid, record } = leftover(() => 'at another time');
    await endLeftovers('other', '/elsewhere');
    expect(alive(pid)).toBe(true);
    expect(existsSync(record)).toBe(false);
    child.kill('SIGKILL');
  });

  it('of a living run in the same folder are an error of one line for the new run', async () => {
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    const unregister = register('probe', dir, child.pid ?? 0);
    await expect(endLeftovers('probe', dir)).rejects.toThrow(
      `probe: ${dir} is in use by process ${process.pid}: stop that run first`,
    );
    expect(alive(child.pid ?? 0)).toBe(true);
    child.kill('SIGKILL');
    unregister();
  });
});
