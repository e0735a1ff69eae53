/*
 * Installs what the local run and the tests need, into the git-ignored folder .local/ (and node_modules). npm runs it
 * before `start` and `test`. Plain JavaScript without dependencies, since it also has to run in a bare clone; Node 20
 * or later. What is there and fresh is left alone, so a second call ends at once.
 *
 *   node tools/setup/setup.mjs                       everything but what is optional
 *   node tools/setup/setup.mjs --only npm,kafka      these, and what they stand on
 */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';
import { missingTools } from './prerequisites.mjs';
import { LOCAL, ROOT, SetupError } from './shared.mjs';
import { STEPS } from './steps.mjs';

/** What a full installation takes, with room to unpack. */
const DISK = 3 * 1024 ** 3;

const USAGE = `usage: node tools/setup/setup.mjs [--only ${Object.keys(STEPS).join(',')}]`;

/** The wanted steps and what they stand on, in the order of STEPS. */
export function selection(args) {
  if (args.length === 0) {
    return Object.keys(STEPS).filter((name) => !STEPS[name].optional);
  }
  const names = args[0] === '--only' && args.length === 2 ? args[1].split(',') : undefined;
  const unknown = names?.find((name) => STEPS[name] === undefined);
  if (names === undefined || unknown !== undefined) {
    throw new SetupError(unknown === undefined ? USAGE : `no such step: ${unknown}; ${USAGE}`);
  }
  const wanted = new Set();
  const add = (name) => {
    STEPS[name].after.forEach(add);
    wanted.add(name);
  };
  names.forEach(add);
  return Object.keys(STEPS).filter((name) => wanted.has(name));
}

async function run(stale, started) {
  const say = (text) => console.log(`setup ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  const groups = new Map();
  // Steps of one group share a process: Maven's local repository is not made for several at once.
  for (const name of stale) {
    const group = STEPS[name].group ?? name;
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const done = new Map();
  const begin = (group) => {
    if (!done.has(group)) {
      const names = groups.get(group);
      const before = names
        .flatMap((name) => STEPS[name].after)
        .map((name) => STEPS[name].group ?? name)
        .filter((other) => groups.has(other));
      done.set(
        group,
        Promise.all(before.map(begin)).then(async () => {
          say(`${names.join(', ')}: ${STEPS[names[0]].what}`);
          const from = Date.now();
          await STEPS[names[0]].install(names);
          say(`${names.join(', ')}: done in ${((Date.now() - from) / 1000).toFixed(1)} s`);
        }),
      );
    }
    return done.get(group);
  };
  const results = await Promise.allSettled([...groups.keys()].map(begin));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}

async function main(args) {
  const started = Date.now();
  const names = selection(args);
  const stale = () => names.filter((name) => !STEPS[name].fresh());
  const tools = (of) => new Set(of.flatMap((name) => STEPS[name].tools));
  const missing = missingTools(tools(names), tools(stale()));
  if (missing.length > 0) {
    throw new SetupError(missing.join('\n'));
  }
  if (stale().length === 0) {
    return;
  }
  await withLock(join(LOCAL, 'setup.lock'), async () => {
    const todo = stale(); // Another process may have done it while this one waited.
    if (todo.length === 0) {
      return;
    }
    const disk = await statfs(existsSync(LOCAL) ? LOCAL : ROOT);
    if (disk.bavail * disk.bsize < DISK) {
      throw new SetupError(`setup: less than ${DISK / 1024 ** 3} GB free in ${ROOT}: make room`);
    }
    await run(todo, started);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    // What the reader can act on is one line; anything else is a defect of ours and shows where.
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  }
}
