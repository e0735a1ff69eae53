/** What the installer says on systems that no test runs on: a PATH with the package manager of each, and nothing else. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../../tools/kit/root';
import { temporaryFolder } from '../../../support/temporary';

const INSTALL = join(ROOT, 'tools', 'engines', 'install', 'install.mjs');
const SETUP = join(ROOT, 'tools', 'setup', 'setup.mjs');

/** Runs an installer on a system with these programs only, none of which does anything. */
function installOn(programs: readonly string[], script: string, only: string) {
  const home = temporaryFolder('platform');
  const bin = join(home, 'bin');
  mkdirSync(bin);
  for (const program of programs) {
    writeFileSync(join(bin, program), '#!/bin/sh\nexit 1\n');
    chmodSync(join(bin, program), 0o755);
  }
  const env = { PATH: bin, HOME: home, ENGINES_HOME: home, JAVA_HOME: '' };
  const { status, stderr } = spawnSync(process.execPath, [script, '--only', only], { env, encoding: 'utf8' });
  return { status, stderr };
}

test.each([
  ['macOS', ['brew'], 'brew install maven', 'brew install python@3.12'],
  ['Debian, Ubuntu and WSL2', ['apt-get'], 'apt-get install maven', 'apt-get install python3 python3-venv'],
  ['Fedora', ['dnf'], 'dnf install maven', 'dnf install python3.12'],
  ['Arch', ['pacman'], 'pacman -S maven', 'pacman -S python312'],
])('on %s, what is missing is named with the command that installs it', (_, programs, maven, python) => {
  const { status, stderr } = installOn(programs, INSTALL, 'kafka,s3');
  expect(status).toBe(1);
  expect(stderr).toContain(`Maven is needed (mvn is not on the PATH): ${maven}\n`);
  expect(stderr).toContain(`Python 3.11 to 3.13 with venv is needed: ${python}\n`);
});

test('on a system with none of these package managers, all are named', () => {
  const { stderr } = installOn([], INSTALL, 'kafka');
  expect(stderr).toContain('brew install maven, or apt-get install maven, or dnf install maven, or pacman -S maven');
});

test.each([
  ['macOS', ['brew'], 'prometheus missing: brew install prometheus node_exporter'],
  [
    'another system',
    [],
    'prometheus missing: apt-get install prometheus prometheus-node-exporter (Debian, Ubuntu; as root)',
  ],
])('on %s, the packages of the tests are named as it calls them', (_, programs, message) => {
  const { status, stderr } = installOn(programs, SETUP, 'prometheus');
  expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
});

test.each([['prometheus-node-exporter'], ['node_exporter']])('the node exporter may be called %s', (exporter) => {
  expect(installOn(['promtool', 'prometheus', exporter], SETUP, 'prometheus')).toEqual({ status: 0, stderr: '' });
});
