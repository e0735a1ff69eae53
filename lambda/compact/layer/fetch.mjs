#!/usr/bin/env node
/**
 * Fetches the files of the DuckDB layer, once per architecture, into `.local/layers/duckdb-<arch>/`, so that `cdk synth`
 * needs no network afterwards. DuckDB is native, and the deploying machine may have another architecture than Lambda's,
 * so this script passes npm the target platform. Versions and checksums come from the lock file beside it.
 *
 *   node lambda/compact/layer/fetch.mjs                 both architectures
 *   node lambda/compact/layer/fetch.mjs --arch x64      one: arm64, x64 or host
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const layers = join(here, '..', '..', '..', '.local', 'layers');
const ARCHITECTURES = ['arm64', 'x64'];

/** @throws Error naming the argument and what is allowed */
function architectures(args) {
  if (args.length === 0) return ARCHITECTURES;
  const requested = args[0] === '--arch' && args.length === 2 ? args[1] : undefined;
  const arch = requested === 'host' ? process.arch : requested;
  if (!ARCHITECTURES.includes(arch)) {
    throw new Error(
      `arguments must be none or --arch ${[...ARCHITECTURES, 'host'].join('|')}, got '${args.join(' ')}'`,
    );
  }
  return [arch];
}

function fetchLayer(arch) {
  const directory = join(layers, `duckdb-${arch}`);
  const lock = join(here, 'package-lock.json');
  const installed = join(directory, 'nodejs', 'package-lock.json');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) {
    process.stdout.write(`duckdb layer ${arch}: up to date\n`);
    return;
  }
  // Install into a partial folder and rename it at the end, so an interrupted download never looks like a layer.
  const partial = `${directory}.partial`;
  const nodejs = join(partial, 'nodejs');
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(nodejs, { recursive: true });
  copyFileSync(join(here, 'package.json'), join(nodejs, 'package.json'));
  copyFileSync(lock, join(nodejs, 'package-lock.json'));
  const npm = spawnSync(
    'npm',
    [
      'ci',
      '--os=linux',
      `--cpu=${arch}`,
      '--libc=glibc',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefix',
      nodejs,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (npm.status !== 0) {
    const reason = npm.error?.message ?? npm.stderr.trim().split('\n').slice(-3).join(' ');
    throw new Error(`npm ci of the duckdb layer for ${arch} failed: ${reason}`);
  }
  // npm's own record of the install names the registry: without it the layer's hash is the same on every machine.
  rmSync(join(nodejs, 'node_modules', '.package-lock.json'), { force: true });
  rmSync(directory, { recursive: true, force: true });
  renameSync(partial, directory);
  process.stdout.write(`duckdb layer ${arch}: fetched\n`);
}

try {
  for (const arch of architectures(process.argv.slice(2))) fetchLayer(arch);
} catch (error) {
  process.stderr.write(`layers: ${error.message}\n`);
  process.exit(1);
}
