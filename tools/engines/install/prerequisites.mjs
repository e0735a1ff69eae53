import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { findJava } = require('../java.cjs');

const OLDEST_PYTHON = 11;
const NEWEST_PYTHON = 13;

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
 * @param installing tools of the steps that are not yet done
 */
export function missingTools(running, installing) {
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
  if (installing.has('maven') && spawnSync('mvn', ['-v']).status !== 0) {
    lines.push(
      'Maven is needed (mvn is not on the PATH): apt-get install maven (Debian, Ubuntu), brew install maven (macOS)',
    );
  }
  if (installing.has('python') && findPython() === undefined) {
    lines.push(
      `Python 3.${OLDEST_PYTHON} to 3.${NEWEST_PYTHON} with venv is needed: apt-get install python3 python3-venv (Debian, Ubuntu), brew install python@3.12 (macOS)`,
    );
  }
  return lines;
}
