/*
 * Installs what the local run and the tests need: the engines (tools/engines), npm packages and Lambda layers, into the
 * git-ignored folders .local/ and node_modules/. npm runs it before `start` and `test`. Plain JavaScript without dependencies,
 * since it must run in a bare clone. It starts on Node 20 too, since all else runs on the Node that it installs. What is there and
 * unchanged is left alone, so a second call ends at once.
 *
 *   node tools/setup/setup.mjs                       everything but what is optional
 *   node tools/setup/setup.mjs --only npm,kafka      these, and what they need
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute, fingerprint, main, SetupError, STEPS, systemPackages } from '../engines/install/install.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const MODULES = join(ROOT, 'node_modules');
const LOCK = join(ROOT, 'package-lock.json');
const STAMP = join(MODULES, '.setup-stamp');
const LAYER = join(ROOT, 'lambda', 'compact', 'layer');
const LAYERS = join(ROOT, '.local', 'layers');

const CHROMIUM = { debian: ['chromium'], brew: ['--cask chromium'] };

/** The Node that all scripts run on: the npm package `node`, whose install script downloads it. */
const node = () => join(MODULES, '.bin', 'node');

function npmFresh() {
  const mark = join(MODULES, '.package-lock.json');
  if (!existsSync(mark) || !existsSync(node())) {
    return false;
  }
  const stamped = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint([LOCK]);
  // An installation by hand counts as well.
  return stamped || statSync(mark).mtimeMs >= statSync(LOCK).mtimeMs;
}

async function installPackages() {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const wanted = `v${devDependencies.node.split('.')[0]}.`;
  await execute('npm', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], { cwd: ROOT });
  const version = spawnSync(node(), ['-v'], { encoding: 'utf8' }).stdout ?? '';
  if (!version.startsWith(wanted)) {
    throw new SetupError(
      `setup: node_modules/.bin/node is ${version.trim() || 'missing'}, not ${wanted}x: npm ran no install scripts; run 'npm rebuild node --ignore-scripts=false'`,
    );
  }
  writeFileSync(STAMP, fingerprint([LOCK]));
}

/** The script that downloads the layers writes their lock file into each of them, last. */
function layersFresh() {
  const lock = readFileSync(join(LAYER, 'package-lock.json'));
  return ['arm64', 'x64'].every((architecture) => {
    const installed = join(LAYERS, `duckdb-${architecture}`, 'nodejs', 'package-lock.json');
    return existsSync(installed) && readFileSync(installed).equals(lock);
  });
}

await main({
  npm: {
    what: 'packages from npm, among them the Node of AWS Lambda',
    after: [],
    tools: [],
    fresh: npmFresh,
    install: installPackages,
  },
  ...STEPS,
  // They are made by TypeScript.
  ...Object.fromEntries(
    Object.entries(STEPS)
      .filter(([name]) => name.endsWith('-archive'))
      .map(([name, step]) => [name, { ...step, after: ['npm', ...step.after] }]),
  ),
  layers: {
    what: 'Lambda layers',
    after: [],
    tools: [],
    fresh: layersFresh,
    install: () => execute('layers', process.execPath, [join(LAYER, 'fetch.mjs')], { cwd: ROOT }),
  },
  chromium: systemPackages('chromium', 'Chromium, in which the page is tested', CHROMIUM, (isThere) =>
    ['chromium', 'chromium-browser', 'google-chrome'].some(isThere),
  ),
});
