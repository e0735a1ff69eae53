import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { withLock } from './lock.mjs';
import { missingTools } from './prerequisites.mjs';
import { ENGINES, HOME, STAMP, SetupError } from './shared.mjs';

/** Disk space that a full installation takes, with room to unpack. */
const DISK = 3 * 1024 ** 3;

/*
 * A step:
 *   what       what it installs, for people
 *   after      steps that must come first
 *   group      steps of one group are done by one call of `install`. Default: a group of its own
 *   tools      programs that the machine must have: java, maven, python
 *   optional   left out unless named
 *   install    does it for the given names of its group
 * and how to see that nothing is to do, either
 *   stamp      text that identifies the wanted content of ENGINES/<name>; the runner writes it after `install`
 *   present    whether that content is still usable. Default: it is
 * or
 *   fresh      whether nothing is to do
 */
function isFresh(name, { fresh, stamp, present = () => true }) {
  if (fresh !== undefined) {
    return fresh();
  }
  const file = join(ENGINES, name, STAMP);
  return present() && existsSync(file) && readFileSync(file, 'utf8') === stamp();
}

/** The wanted steps and those that must come first, in the order of `steps`. */
function selection(steps, args) {
  if (args.length === 0) {
    return Object.keys(steps).filter((name) => !steps[name].optional);
  }
  const usage = `usage: node ${relative('', process.argv[1])} [--only ${Object.keys(steps).join(',')}]`;
  const names = args[0] === '--only' && args.length === 2 ? args[1].split(',') : undefined;
  const unknown = names?.find((name) => steps[name] === undefined);
  if (names === undefined || unknown !== undefined) {
    throw new SetupError(unknown === undefined ? usage : `no such step: ${unknown}; ${usage}`);
  }
  const wanted = new Set();
  const add = (name) => {
    steps[name].after.forEach(add);
    wanted.add(name);
  };
  names.forEach(add);
  return Object.keys(steps).filter((name) => wanted.has(name));
}

/** Installs `stale`, each group as soon as those that it comes after are done. */
async function run(steps, stale, started) {
  const report = (text) => console.log(`setup ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  const groupOf = (name) => steps[name].group ?? name;
  const groups = new Map();
  for (const name of stale) {
    groups.set(groupOf(name), [...(groups.get(groupOf(name)) ?? []), name]);
  }
  const done = new Map();
  const install = async (names) => {
    const before = names.flatMap((name) => steps[name].after).map(groupOf);
    await Promise.all(before.filter((other) => groups.has(other)).map(begin));
    report(`${names.join(', ')}: ${steps[names[0]].what}`);
    const from = Date.now();
    await steps[names[0]].install(names);
    for (const name of names.filter((each) => steps[each].stamp !== undefined)) {
      writeFileSync(join(ENGINES, name, STAMP), steps[name].stamp());
    }
    report(`${names.join(', ')}: done in ${((Date.now() - from) / 1000).toFixed(1)} s`);
  };
  const begin = (group) => {
    if (!done.has(group)) {
      done.set(group, install(groups.get(group)));
    }
    return done.get(group);
  };
  // All are awaited, also when one fails: none may still write after the lock is released.
  const results = await Promise.allSettled([...groups.keys()].map(begin));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}

/**
 * Installs what is missing or outdated of the selected steps. Returns at once when there is nothing to do.
 * @throws SetupError if the machine lacks a tool or disk space, or if a step fails
 */
async function install(steps, args) {
  const started = Date.now();
  const names = selection(steps, args);
  const stale = () => names.filter((name) => !isFresh(name, steps[name]));
  const tools = (of) => new Set(of.flatMap((name) => steps[name].tools));
  const missing = missingTools(tools(names), tools(stale()));
  if (missing.length > 0) {
    throw new SetupError(missing.join('\n'));
  }
  if (stale().length === 0) {
    return;
  }
  await withLock(join(HOME, 'setup.lock'), async () => {
    const todo = stale(); // Another process may have installed some while this one waited.
    if (todo.length === 0) {
      return;
    }
    const disk = await statfs(HOME);
    if (disk.bavail * disk.bsize < DISK) {
      throw new SetupError(`setup: less than ${DISK / 1024 ** 3} GB free in ${HOME}: free some space`);
    }
    await run(steps, todo, started);
  });
}

/** `install` as a command: errors that the reader can act on are printed as one line, others with their stack. */
export async function main(steps) {
  try {
    await install(steps, process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  }
}
