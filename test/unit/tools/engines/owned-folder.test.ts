import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runtimeFolder } from '../../../../tools/local/aws/runtime-layout';
import { ownedFolder } from '../../../../tools/engines/leftovers';
import { ROOT } from '../../../../tools/kit/root';
import { temporaryFolder } from '../../../support/temporary';

/** A process that makes a folder, says which, and lives on. */
async function another(parent: string) {
  const code = `import { ownedFolder } from ${JSON.stringify(join(ROOT, 'tools', 'engines', 'leftovers.ts'))};
    console.log(ownedFolder('test'));
    setInterval(() => {}, 1000);`;
  const file = join(parent, 'another.ts');
  writeFileSync(file, code);
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: parent },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [folder] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    folder,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

let parent: string;
beforeEach(() => {
  parent = temporaryFolder('owned');
});

test('the next folder that is made removes those of killed processes, and no others', async () => {
  const { folder, kill } = await another(parent);
  writeFileSync(join(folder, 'file'), '');
  try {
    const own = ownedFolder('test', parent);
    expect([folder, own].map((each) => existsSync(each))).toEqual([true, true]);
    await kill();
    ownedFolder('other', parent);
    expect(existsSync(folder)).toBe(true);
    ownedFolder('test', parent);
    expect([folder, own].map((each) => existsSync(each))).toEqual([false, true]);
  } finally {
    await kill();
  }
});

test('folders with other names stay', () => {
  const others = ['test', 'test-1-aa', 'test-999999999-zz-abcdef', 'other-test-1-61-abcdef'].map((name) =>
    join(parent, name),
  );
  for (const folder of others) mkdirSync(folder);
  ownedFolder('test', parent);
  expect(others.filter((folder) => !existsSync(folder))).toEqual([]);
});

test('functions are not laid out where Node would find modules above them', () => {
  const place = join(parent, 'tmp');
  mkdirSync(place);
  mkdirSync(join(parent, 'node_modules'));
  expect(() => runtimeFolder(place)).toThrow(
    `TMPDIR must have no node_modules above it, there is ${join(parent, 'node_modules')}`,
  );
  expect(readdirSync(place)).toEqual([]);
  rmSync(join(parent, 'node_modules'), { recursive: true });
  const { path, remove } = runtimeFolder(place);
  expect(existsSync(path)).toBe(true);
  remove();
  expect(readdirSync(place)).toEqual([]);
});
