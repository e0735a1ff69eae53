/** What operators do when everything has come to rest, and what must be true after it. */
import { zstdDecompressSync } from 'node:zlib';
import { SECTIONS } from '../../lambda/domain/columns';
import { sectionsOf } from '../../lambda/domain/views';
import { PREFIXES } from '../../lambda/formats/keys';
import { type Person } from '../operate/erase/core';
import { send } from './clients';
import { readRows } from './models/compaction';
import { backfill, erasePerson, replayQuarantine, searchFor } from './operators';
import { type Ending } from './plan';
import { SECTION_NAMES } from './posts';
import { answerTo, check, settled } from './questions';
import { type Simulation } from './simulation';
import { InvariantError } from './world';

const MINUTE = 60_000;
/** Longer than the query function caches rows, ms. */
const CACHED_MS = 10_000;

/** All intervals are computed again: a view of a new definition is whole then, and nothing else has changed. */
async function backfilled(simulation: Simulation): Promise<void> {
  await backfill(simulation);
  simulation.versions.backfilled();
}

/** What was quarantined by a rule that is wider now counts once, in the views of its own columns. */
async function replayed(simulation: Simulation): Promise<void> {
  const { world, versions, plan } = simulation;
  // Where partitions were added, a replayed post may be in another one, and count as another post.
  if (versions.current.strict || simulation.topic.partitions.length > plan.settings.partitions) return;
  await replayQuarantine(simulation);
  await world.sleep(3 * plan.settings.intervalMinutes * MINUTE);
  for (const view of versions.current.views) {
    // Its minute of arrival is that of the replay.
    if (sectionsOf(view).length > 1 || view.dimensions.includes('arrival_minute') || versions.since(view) > 0) continue;
    const { counts } = await answerTo(simulation, view, { layer: 'batch' });
    check(simulation, 'replayed', view, {}, counts, {
      // What was quarantined longer than the layers remember counts once all the same.
      must: ({ anew, again, post }) =>
        !anew && !simulation.erased.has(post) && !(again && simulation.isUncertain(post)),
      may: () => true,
    });
  }
}

/** What the lake holds of the posts and of the person, found by reading all of it. */
function remains({ lake }: Simulation, person: Person, gone: ReadonlySet<number>): string | undefined {
  const names = [person.first_name, person.first_name.normalize('NFD')];
  for (const [key, { body }] of lake.objects) {
    if (key.startsWith(PREFIXES.raw)) {
      const lines = readRows<Record<string, unknown>>(zstdDecompressSync(body));
      if (lines.some((line) => gone.has(line.k as number) && SECTIONS.some((section) => line[section]))) return key;
    } else if (key.endsWith('.parquet')) {
      if (readRows<{ readonly post_key: number }>(body).some(({ post_key }) => gone.has(post_key))) return key;
    } else if (key.startsWith(PREFIXES.quarantine)) {
      const { key: post, payload } = JSON.parse(body.toString()) as Readonly<Record<'key' | 'payload', string>>;
      const [index, text] = [post, payload].map((each) => Buffer.from(each, 'base64').toString());
      if (gone.has(Number(index)) && names.some((name) => text.includes(name))) return key;
    }
  }
  return undefined;
}

/** Once Kafka's retention has passed, a person is gone from everything that is stored, and stays gone; all others are there. */
async function erased(simulation: Simulation): Promise<void> {
  const { world, topic, posts, reference, versions, keyspaces } = simulation;
  const candidates = [...posts.values()]
    .map(([{ person }]) => person)
    .filter((each) => reference.postsOf(each).size > 0);
  if (candidates.length === 0) return;
  const person = world.random.pick(candidates);
  topic.deleteBefore(world.now);
  const gone = await erasePerson(simulation, person);
  const missed = [...reference.postsOf(person)].find((post) => !gone.has(post));
  if (missed !== undefined) throw new InvariantError('erased', `post ${missed} of the person was not found`);
  const current = new Set([...keyspaces.rows('batch_views')].map((row) => keyspaces.value(row, 'version')));
  for (const row of keyspaces.rows('batch_runs')) {
    if (current.has(keyspaces.value(row, 'version'))) continue;
    throw new InvariantError('erased', `a replaced run of ${keyspaces.value(row, 'view')} is there`);
  }
  const isGone = async () => {
    const left = await searchFor(simulation, { person, posts: [...gone] });
    if (left > 0) throw new InvariantError('erased', `${left} left`);
    const key = remains(simulation, person, gone);
    if (key) throw new InvariantError('erased', `${key} holds a post of the person`);
    await world.sleep(CACHED_MS);
    for (const view of versions.current.views) {
      const { counts } = await answerTo(simulation, view, { layer: 'merged' });
      check(simulation, 'erased', view, {}, counts, {
        must: settled(simulation, view, 'merged', { must: () => true, may: () => true }).must,
        may: ({ post }) => !gone.has(post),
      });
    }
  };
  await isGone();
  await backfilled(simulation);
  await isGone();
}

/** What is derived from sealed offsets. */
const SEALED = (
  ['seals', 'posts', 'dedupIndex', 'incompletePosts', 'manifests', 'views', 'published', 'drift'] as const
).map((each) => PREFIXES[each]);

/** The topic is deleted, and made anew under the same name: runs fail, and what was sealed before stays as it is. */
async function topicAnew(simulation: Simulation): Promise<void> {
  const { world, topic, sources, lake, orchestrator, plan, posts } = simulation;
  const stored = () =>
    JSON.stringify(SEALED.flatMap((prefix) => lake.keys(prefix).map((key) => [key, lake.objects.get(key)!.etag])));
  if (lake.keys(PREFIXES.seals).length === 0) return;
  const before = stored();
  topic.onAppend = () => {
    for (const each of Object.values(sources)) each.wake();
  };
  // Offsets name other records from now on.
  lake.onPut = () => undefined;
  topic.remake();
  for (const each of Object.values(sources)) each.restart();
  // Some logs are longer than the one before, soon.
  const indexes = [...posts.keys()];
  const rounds = world.random.pick([1, 1, 4]);
  for (let at = 0; at < rounds * indexes.length; at += 30) {
    const some = Array.from({ length: 30 }, (_, i) => indexes[(at + i) % indexes.length]);
    const together = [...new Set(some)].map((index) => ({ index, sections: SECTION_NAMES }));
    await send(simulation, { at: world.now, version: 0, posts: together });
  }
  const sent = world.now;
  await world.sleep(3 * plan.settings.intervalMinutes * MINUTE);
  if (stored() !== before) throw new InvariantError('topic', 'offsets of another topic were sealed');
  const { at = 0, ok } = orchestrator.last ?? {};
  if (ok && at > sent) throw new InvariantError('topic', 'no run fails, and nothing is sealed any more');
}

export const ENDINGS: Readonly<Record<Ending, (simulation: Simulation) => Promise<void>>> = {
  backfill: backfilled,
  replay: replayed,
  erase: erased,
  topic: topicAnew,
};
