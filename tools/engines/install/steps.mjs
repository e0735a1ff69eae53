import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findPython, onPath } from './prerequisites.mjs';
import { ENGINES, HOME, PACKAGE, SetupError, execute, fingerprint } from './shared.mjs';

const require = createRequire(import.meta.url);
const { findJava } = require('../java.cjs');

const inPackage = (...parts) => join(PACKAGE, ...parts);

/*
 * jars -----------------------------------------------------------------------------------------------------------------
 */

const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
const JAR_SUMS = inPackage('maven', 'jars.sha256');

/** Modules with their own list of checksums: a new version of them does not reinstall the engines. */
const BESIDE_ENGINES = ['jmx-exporter', 'kafka-tools', 'kafka-streams'];

const sumsOf = (module) => (BESIDE_ENGINES.includes(module) ? inPackage('maven', module, 'jars.sha256') : JAR_SUMS);

/** The expected jars of a module: file name and SHA-256. */
function expectedJars(module) {
  return readFileSync(sumsOf(module), 'utf8')
    .split('\n')
    .map((line) => /^([0-9a-f]{64}) {2}([^/]+)\/(.+)$/.exec(line))
    .filter((match) => match?.[2] === module)
    .map(([, sum, , file]) => ({ file, sum }));
}

function checkJars(module, folder) {
  const expected = expectedJars(module);
  const found = readdirSync(folder);
  const extra = found.find((file) => !expected.some((jar) => jar.file === file));
  if (extra !== undefined) {
    throw new SetupError(`setup: Maven downloaded ${extra} for ${module}, which is not in ${sumsOf(module)}`);
  }
  for (const { file, sum } of expected) {
    const path = join(folder, file);
    const actual = existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'missing';
    if (actual !== sum) {
      throw new SetupError(`setup: ${module}/${file} has SHA-256 ${actual}, expected ${sum}`);
    }
  }
}

/** All modules by one Maven call: its local repository does not support several at once. Checked before they are put in place. */
async function installJars(modules) {
  const unpacked = join(HOME, 'unpacked-jars');
  rmSync(unpacked, { recursive: true, force: true });
  await execute(
    'jars',
    'mvn',
    [
      ...['-B', '-q', '-C', '-ntp', '-f', inPackage('maven', 'pom.xml'), '-pl', modules.join(',')],
      ...[`${MAVEN_PLUGIN}:copy-dependencies`, '-DincludeScope=runtime'],
      `-DoutputDirectory=${unpacked}/\${project.artifactId}`,
    ],
    // Maven runs on any Java; with this one there is nothing more to install.
    { env: { ...process.env, JAVA_HOME: findJava().home } },
  );
  mkdirSync(ENGINES, { recursive: true });
  for (const module of modules) {
    checkJars(module, join(unpacked, module));
    const target = join(ENGINES, module);
    rmSync(target, { recursive: true, force: true });
    renameSync(join(unpacked, module), target);
  }
  rmSync(unpacked, { recursive: true, force: true });
}

const jars = (module) => ({
  what: 'jars from Maven Central',
  group: 'jars',
  after: [],
  tools: ['java', 'maven'],
  stamp: () => fingerprint([inPackage('maven', module, 'pom.xml'), sumsOf(module)]),
  install: installJars,
});

/*
 * Python ---------------------------------------------------------------------------------------------------------------
 */

const lockOf = (name) => inPackage('requirements', `${name}.lock.txt`);

async function installUv() {
  const folder = join(ENGINES, 'uv');
  rmSync(folder, { recursive: true, force: true });
  await execute('uv-venv', findPython(), ['-m', 'venv', folder]);
  await execute('uv', join(folder, 'bin', 'pip'), ['install', '-q', '--require-hashes', '-r', lockOf('uv')]);
}

async function installVenv([name]) {
  const uv = join(ENGINES, 'uv', 'bin', 'uv');
  const folder = join(ENGINES, name);
  rmSync(folder, { recursive: true, force: true });
  await execute(`${name}-venv`, uv, ['venv', '-q', '--no-config', '--python', findPython(), folder]);
  const python = join(folder, 'bin', 'python');
  // pyspark is published as source only, so the tools that build it are pinned by hash as well.
  const pins = ['--require-hashes', '--build-constraints', lockOf('build'), '-r', lockOf(name)];
  await execute(name, uv, ['pip', 'install', '-q', '--python', python, ...pins]);
}

const venv = (name, what, { tools = ['python'], after = ['uv'], install = installVenv } = {}) => ({
  what,
  after,
  tools,
  // A virtual environment contains its own path, so a moved clone makes a new one.
  stamp: () => fingerprint([lockOf(name), lockOf('build')], join(ENGINES, name)),
  // A link to the system's Python, which may be gone.
  present: () => existsSync(join(ENGINES, name, 'bin', 'python')),
  install,
});

/*
 * class archives -------------------------------------------------------------------------------------------------------
 */

/** The step `<engine>-archive`. The archive fits one Java, one set of jars and one class path; with others the JVM ignores it. */
function archive(engine, what, after, files) {
  const folder = join(ENGINES, `${engine}-archive`);
  const file = join(folder, `${engine}.jsa`);
  const inputs = ['class-archive.ts', 'train.ts', `${engine}.ts`].map((name) => inPackage(name));
  return {
    what,
    after,
    tools: ['java'],
    stamp: () => fingerprint([JAR_SUMS, ...inputs, ...files], ENGINES, findJava().home),
    present: () => existsSync(file),
    install: async () => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      const program = [require.resolve('tsx/cli'), inPackage('train.ts'), engine, file];
      await execute(`${engine}-archive`, process.execPath, program);
    },
  };
}

/*
 * packages of the system, installed only when named --------------------------------------------------------------------
 */

/** Packages by the name of their step. */
const PACKAGES = {};

/** By one call for all steps: the package manager serves one process at a time. */
async function installPackages(names) {
  const packages = names.flatMap((name) => PACKAGES[name].debian);
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    const command = onPath('brew')
      ? `brew install ${names.flatMap((name) => PACKAGES[name].brew).join(' ')}`
      : `apt-get install ${packages.join(' ')} (Debian, Ubuntu; as root), or what your system calls them`;
    throw new SetupError(`${names.join(' and ')} missing: ${command}`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await execute('apt-update', 'apt-get', ['update', '-q'], { env });
  await execute('apt-install', 'apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env });
}

/**
 * A step that installs packages with apt-get.
 * @param packages by package manager
 * @param fresh whether they are there, given a test for a program on the PATH
 */
export function systemPackages(name, what, packages, fresh) {
  PACKAGES[name] = packages;
  return {
    what,
    group: 'system',
    after: [],
    tools: [],
    optional: true,
    fresh: () => fresh(onPath),
    install: installPackages,
  };
}

/** The engines, by the name of their folder. See runner.mjs for the fields of a step. */
export const STEPS = {
  kafka: jars('kafka'),
  cassandra: jars('cassandra'),
  'spark-jars': { ...jars('spark-jars'), optional: true },
  'jmx-exporter': jars('jmx-exporter'),
  'kafka-tools': { ...jars('kafka-tools'), optional: true },
  'kafka-streams': { ...jars('kafka-streams'), optional: true },
  uv: venv('uv', 'installer of Python packages', { after: [], install: installUv }),
  s3: venv('s3', 'S3 (MiniStack)'),
  airflow: venv('airflow', 'Apache Airflow'),
  // A local run has Spark only where it is asked for.
  spark: {
    ...venv('spark', 'Apache Spark', { tools: ['java', 'python'], after: ['uv', 'spark-jars'] }),
    optional: true,
  },
  rehearsal: { ...venv('rehearsal', 'AWS emulator (MiniStack, all services) and cfn-lint'), optional: true },
  prometheus: systemPackages(
    'prometheus',
    'Prometheus and its node exporter, by apt-get',
    { debian: ['prometheus', 'prometheus-node-exporter'], brew: ['prometheus', 'node_exporter'] },
    (isThere) =>
      ['promtool', 'prometheus'].every(isThere) && ['prometheus-node-exporter', 'node_exporter'].some(isThere),
  ),
  // A first run would wait longer for these than it gains.
  'kafka-archive': { ...archive('kafka', "class archive that halves Kafka's start", ['kafka'], []), optional: true },
  'cassandra-archive': {
    ...archive('cassandra', "class archive that shortens Cassandra's start", ['cassandra'], []),
    optional: true,
  },
  'spark-archive': {
    ...archive(
      'spark',
      "class archive that halves Spark's start",
      ['s3', 'spark', 'spark-jars'],
      [lockOf('spark'), inPackage('spark-train.py')],
    ),
    optional: true,
  },
};
