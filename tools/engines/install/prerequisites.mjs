import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

const require = createRequire(import.meta.url);
const { findJava } = require('../java.cjs');

/** Whether a program is on the PATH. */
export const onPath = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));

const OLDEST_PYTHON = 11;
const NEWEST_PYTHON = 13;

/** Package managers, by the program that shows which one a system has, with the names of what is needed. */
const MANAGERS = [
  { program: 'brew', install: 'brew install', maven: 'maven', python: 'python@3.12' },
  { program: 'apt-get', install: 'apt-get install', maven: 'maven', python: 'python3 python3-venv' },
  { program: 'dnf', install: 'dnf install', maven: 'maven', python: 'python3.12' },
  { program: 'pacman', install: 'pacman -S', maven: 'maven', python: 'python312' },
];

/**
 * The command that installs a tool on this system, or those of all systems where it is none of them.
 * @param tool `maven` or `python`
 * @param has whether a program is on the PATH
 */
function installing(tool, has) {
  const found = MANAGERS.find(({ program }) => has(program));
  return (found ? [found] : MANAGERS).map((manager) => `${manager.install} ${manager[tool]}`).join(', or ');
}

/** The installer needs no more; a project may pin a newer Node for itself. */
const OLDEST_NODE = 20;

/** The command found, looked for once. */
let python;

/**
 * The command of a Python 3.11 to 3.13 that can make virtual environments; 3.11, the version of EMR Serverless, is preferred.
 * Undefined if there is none.
 */
export function findPython() {
  python ??= ['python3.11', 'python3.12', 'python3', 'python3.13'].find((command) => {
    const program = 'import ensurepip, sys, venv; print(sys.version_info[0], sys.version_info[1])';
    const run = spawnSync(command, ['-c', program], { encoding: 'utf8' });
    const [major, minor] = (run.stdout ?? '').trim().split(' ').map(Number);
    return run.status === 0 && major === 3 && minor >= OLDEST_PYTHON && minor <= NEWEST_PYTHON;
  });
  return python;
}

/**
 * One line for each tool that the machine lacks, with the command that installs it.
 * @param running tools of all wanted steps, of which Java is needed to run what they install
 * @param toInstall tools of the steps that are not yet done
 */
export function missingTools(running, toInstall) {
  const lines = [];
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    lines.push(`Node ${OLDEST_NODE} or later is needed, this is ${process.version}: https://nodejs.org/en/download`);
  }
  if (running.has('java')) {
    try {
      findJava();
    } catch (error) {
      lines.push(error.message);
    }
  }
  if (toInstall.has('maven') && spawnSync('mvn', ['-v']).status !== 0) {
    lines.push(`Maven is needed (mvn is not on the PATH): ${installing('maven', onPath)}`);
  }
  if (toInstall.has('python') && findPython() === undefined) {
    lines.push(`Python 3.${OLDEST_PYTHON} to 3.${NEWEST_PYTHON} with venv is needed: ${installing('python', onPath)}`);
  }
  return lines;
}
