import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { findPython } from './prerequisites.mjs';
import { ENGINES, LOCAL, ROOT, SOURCES, SetupError, execute, fingerprint, stamped, writeStamp } from './shared.mjs';

const require = createRequire(import.meta.url);
const { findJava } = require('../engines/java.cjs');

const MODULES = join(ROOT, 'node_modules');
const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
const JAR_SUMS = 'tools/engines/maven/jars.sha256';
const REQUIREMENTS = 'tools/engines/requirements';

/*
 * npm ------------------------------------------------------------------------------------------------------------------
 */

/** The Node that the scripts run on: the one of the `node` package, whose install script fetches it. */
const node = () => join(MODULES, '.bin', 'node');

function npmFresh() {
  const lock = join(ROOT, 'package-lock.json');
  const mark = join(MODULES, '.package-lock.json');
  if (!existsSync(mark) || !existsSync(node())) {
    return false;
  }
  // Also content when somebody ran npm by hand.
  return stamped(MODULES, fingerprint(['package-lock.json'])) || statSync(mark).mtimeMs >= statSync(lock).mtimeMs;
}

async function installPackages() {
  const wanted = `v${JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).devDependencies.node.split('.')[0]}.`;
  await execute('npm', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  const version = spawnSync(node(), ['-v'], { encoding: 'utf8' }).stdout ?? '';
  if (!version.startsWith(wanted)) {
    throw new SetupError(
      `setup: node_modules/.bin/node is ${version.trim() || 'missing'}, not ${wanted}x: npm ran no install scripts; run 'npm rebuild node --ignore-scripts=false'`,
    );
  }
  writeStamp(MODULES, fingerprint(['package-lock.json']));
}

/*
 * jars -----------------------------------------------------------------------------------------------------------------
 */

/** Modules with a list of their own: another version of them leaves the engines as they are. */
const BESIDE_ENGINES = ['jmx-exporter', 'kafka-tools'];

const sumsOf = (module) => (BESIDE_ENGINES.includes(module) ? `tools/engines/maven/${module}/jars.sha256` : JAR_SUMS);

const jarStamp = (module) => fingerprint([`tools/engines/maven/${module}/pom.xml`, sumsOf(module)]);

/** The expected jars of a module: file name and SHA-256. */
function expectedJars(module) {
  return readFileSync(join(ROOT, sumsOf(module)), 'utf8')
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
    throw new SetupError(`setup: Maven brought ${extra} for ${module}, which is not in ${sumsOf(module)}`);
  }
  for (const { file, sum } of expected) {
    const path = join(folder, file);
    const actual = existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'missing';
    if (actual !== sum) {
      throw new SetupError(`setup: ${module}/${file} has SHA-256 ${actual}, ${sum} is expected`);
    }
  }
}

/** All modules by one Maven call; checked, and only then put in place. */
async function installJars(modules) {
  const unpacked = join(LOCAL, 'unpacked-jars');
  rmSync(unpacked, { recursive: true, force: true });
  await execute(
    'jars',
    'mvn',
    [
      ...['-B', '-q', '-C', '-ntp', '-f', join(SOURCES, 'maven', 'pom.xml'), '-pl', modules.join(',')],
      ...[`${MAVEN_PLUGIN}:copy-dependencies`, '-DincludeScope=runtime'],
      `-DoutputDirectory=${unpacked}/\${project.artifactId}`,
    ],
    // Maven itself runs on any Java; with ours there is nothing more to install.
    { env: { ...process.env, JAVA_HOME: findJava().home } },
  );
  mkdirSync(ENGINES, { recursive: true });
  for (const module of modules) {
    checkJars(module, join(unpacked, module));
    const target = join(ENGINES, module);
    rmSync(target, { recursive: true, force: true });
    renameSync(join(unpacked, module), target);
    writeStamp(target, jarStamp(module));
  }
  rmSync(unpacked, { recursive: true, force: true });
}

/*
 * Python ---------------------------------------------------------------------------------------------------------------
 */

/** A virtual environment knows its own path: in a moved clone it is made anew. */
const venvStamp = (name) =>
  fingerprint([`${REQUIREMENTS}/${name}.lock.txt`, `${REQUIREMENTS}/build.lock.txt`], join(ENGINES, name));

const venvFresh = (name) =>
  existsSync(join(ENGINES, name, 'bin', 'python')) && stamped(join(ENGINES, name), venvStamp(name));

async function installUv() {
  const folder = join(ENGINES, 'uv');
  rmSync(folder, { recursive: true, force: true });
  await execute('uv-venv', findPython(), ['-m', 'venv', folder]);
  const lock = join(SOURCES, 'requirements', 'uv.lock.txt');
  await execute('uv', join(folder, 'bin', 'pip'), ['install', '-q', '--require-hashes', '-r', lock]);
  writeStamp(folder, venvStamp('uv'));
}

async function installVenv([name]) {
  const uv = join(ENGINES, 'uv', 'bin', 'uv');
  const folder = join(ENGINES, name);
  const lock = (of) => join(SOURCES, 'requirements', `${of}.lock.txt`);
  rmSync(folder, { recursive: true, force: true });
  await execute(`${name}-venv`, uv, ['venv', '-q', '--no-config', '--python', findPython(), folder]);
  const python = join(folder, 'bin', 'python');
  // pyspark is published as source only: the tools that build it are pinned by hash as well.
  const pins = ['--require-hashes', '--build-constraints', lock('build'), '-r', lock(name)];
  await execute(name, uv, ['pip', 'install', '-q', '--python', python, ...pins]);
  writeStamp(folder, venvStamp(name));
}

/*
 * the rest -------------------------------------------------------------------------------------------------------------
 */

const LAYER = join(ROOT, 'lambda', 'compact', 'layer');

/** The script that fetches the layers leaves their lock file in each of them, last. */
function layersFresh() {
  const lock = readFileSync(join(LAYER, 'package-lock.json'));
  return ['arm64', 'x64'].every((architecture) => {
    const installed = join(LOCAL, 'layers', `duckdb-${architecture}`, 'nodejs', 'package-lock.json');
    return existsSync(installed) && readFileSync(installed).equals(lock);
  });
}

const ARCHIVE = join(ENGINES, 'spark-archive');

/** The class archive fits one Java, one set of jars and one class path only; with another it is silently of no use. */
function archiveStamp() {
  const files = [`${REQUIREMENTS}/spark.lock.txt`, JAR_SUMS, 'tools/engines/spark.ts', 'tools/engines/spark-train.py'];
  return fingerprint(files, ENGINES, findJava().home);
}

async function installArchive() {
  rmSync(ARCHIVE, { recursive: true, force: true });
  mkdirSync(ARCHIVE, { recursive: true });
  await execute('spark-archive', node(), [
    join(MODULES, 'tsx', 'dist', 'cli.mjs'),
    join(SOURCES, 'spark-archive.ts'),
    join(ARCHIVE, 'spark.jsa'),
  ]);
  writeStamp(ARCHIVE, archiveStamp());
}

/*
 * Packages of the system: installed only when asked for by name ---------------------------------------------------------
 */

const PACKAGES = {
  prometheus: ['prometheus', 'prometheus-node-exporter'],
  chromium: ['chromium'],
};

const onPath = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));

/** By one call for all: the package manager lets in one at a time. */
async function installPackagesOfSystem(names) {
  const packages = names.flatMap((name) => PACKAGES[name]);
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    throw new SetupError(`${names.join(' and ')}: apt-get install ${packages.join(' ')} (Debian, Ubuntu) is needed`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await execute('apt-update', 'apt-get', ['update', '-q'], { env });
  await execute('apt-install', 'apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env });
}

const jars = (module) => ({
  what: 'jars from Maven Central',
  group: 'jars',
  after: [],
  tools: ['java', 'maven'],
  fresh: () => stamped(join(ENGINES, module), jarStamp(module)),
  install: installJars,
});

const venv = (name, what, tools = ['python']) => ({
  what,
  after: ['uv'],
  tools,
  fresh: () => venvFresh(name),
  install: installVenv,
});

/**
 * What there is to install. `after`: steps that come first. `group`: steps done by one call. `tools`: what the machine
 * must bring. `optional`: left out unless named. `fresh`: whether there is nothing to do. `install`: does it for the names of its group.
 */
export const STEPS = {
  npm: {
    what: 'packages from npm, Node of AWS Lambda among them',
    after: [],
    tools: [],
    fresh: npmFresh,
    install: installPackages,
  },
  kafka: jars('kafka'),
  cassandra: jars('cassandra'),
  'spark-jars': jars('spark-jars'),
  'jmx-exporter': jars('jmx-exporter'),
  'kafka-tools': { ...jars('kafka-tools'), optional: true },
  uv: {
    what: 'installer of Python packages',
    after: [],
    tools: ['python'],
    fresh: () => venvFresh('uv'),
    install: installUv,
  },
  s3: venv('s3', 'MiniStack'),
  airflow: venv('airflow', 'Apache Airflow'),
  spark: venv('spark', 'Apache Spark', ['java', 'python']),
  rehearsal: { ...venv('rehearsal', 'AWS emulator for the rehearsal, cfn-lint'), optional: true },
  layers: {
    what: 'Lambda layers',
    after: [],
    tools: [],
    fresh: layersFresh,
    install: () => execute('layers', process.execPath, [join(LAYER, 'fetch.mjs')]),
  },
  prometheus: {
    what: 'Prometheus and its node exporter, by apt-get',
    group: 'system',
    after: [],
    tools: [],
    optional: true,
    fresh: () => ['promtool', ...PACKAGES.prometheus].every(onPath),
    install: installPackagesOfSystem,
  },
  chromium: {
    what: 'Chromium, in which the page is tested',
    group: 'system',
    after: [],
    tools: [],
    optional: true,
    fresh: () => ['chromium', 'chromium-browser', 'google-chrome'].some(onPath),
    install: installPackagesOfSystem,
  },
  'spark-archive': {
    what: 'class archive that halves the start of Spark',
    after: ['npm', 's3', 'spark', 'spark-jars'],
    tools: ['java'],
    fresh: () => existsSync(join(ARCHIVE, 'spark.jsa')) && stamped(ARCHIVE, archiveStamp()),
    install: installArchive,
  },
};
