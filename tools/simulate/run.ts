/** Runs a plan, and checks the invariants while it runs and at its end. */
import { type Layer } from '../../lambda/query/api';
import { type DriftReport } from '../../lambda/formats/interval-metadata';
import { VIEWS, type View } from '../../lambda/domain/views';
import { decodeHead, speedSchema } from '../../lambda/formats/speed-head';
import { planKey } from '../../lambda/formats/keys';
import { type Plan as StoredPlan } from '../../lambda/formats/plan';
import { CHUNK } from '../../lambda/formats/view-run';
import { ask, send } from './clients';
import { HOUR, type Plan } from './plan';
import { keyText, type Expected } from './reference';
import { Simulation } from './simulation';
import { InvariantError } from './world';

export interface RunOptions {
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  /** Undefined if all invariants held. */
  readonly error: Error | undefined;
  /** Names all that happened: the same for the same plan. */
  readonly digest: string;
  readonly events: number;
}

const MINUTE = 60_000;
const QUESTIONS = 80;
/** Intervals, once nothing fails any more, in which everything is published. */
const PATIENCE = 3;
/** Of a run in the store: so few that views have several chunks. */
const CHUNK_ROWS = 5;
/** Intervals without a post, at the end. */
const IDLE = 3;

function trimmed(view: View, counts: Expected): Expected {
  if (!view.top) return counts;
  const { groupBy, keep } = view.top;
  const groupOf = (key: string) =>
    key
      .split(keyText(['', '']))
      .slice(0, groupBy)
      .join();
  const groups = Map.groupBy(counts, ([key]) => groupOf(key));
  return new Map([...groups.values()].flatMap((group) => group.sort((a, b) => b[1] - a[1]).slice(0, keep)));
}

function firstDifference(expected: Expected, got: Expected): string | undefined {
  for (const key of new Set([...expected.keys(), ...got.keys()])) {
    if (expected.get(key) !== got.get(key)) return `${key} is ${got.get(key)}, must be ${expected.get(key)}`;
  }
  return undefined;
}

export async function runPlan(plan: Plan, { trace }: RunOptions = {}): Promise<Outcome> {
  const simulation = new Simulation(plan, trace);
  const { world, reference, keyspaces, lake, topic, orchestrator } = simulation;
  const { settings } = plan;
  const length = settings.intervalMinutes * MINUTE;
  const stormEnd = settings.start + settings.stormMs;

  function expect(invariant: string, view: View, expected: Expected, got: Expected): void {
    const difference = firstDifference(trimmed(view, expected), got);
    if (difference) throw new InvariantError(invariant, `view ${view.name}: ${difference}`);
  }

  /** Asks, and compares with what an answer at this time may be. */
  async function question(view: View, layer: Layer, limit?: number): Promise<void> {
    const asked = world.now;
    const answer = await ask(simulation, view, layer, limit);
    if (!answer) return;
    const { counts, asOf, boundary = -Infinity } = answer;
    if (layer === 'batch') {
      expect(
        'batch',
        view,
        reference.expected(view, ({ interval }) => interval <= boundary),
        counts,
      );
      return;
    }
    // The layers remember repeats for different times: such a one counts in one of them, until it is published.
    if (settings.lateRepeats) return;
    const most = trimmed(
      view,
      reference.expected(view, () => true),
    );
    for (const [key, value] of counts) {
      if (value <= (most.get(key) ?? 0)) continue;
      throw new InvariantError(
        'most',
        `view ${view.name}, ${layer}: ${key} is ${value}, at most ${most.get(key) ?? 0}`,
      );
    }
    if (layer === 'speed' || view.top) return;
    const least = reference.expected(view, ({ newest, seen }) => newest < asOf && seen <= asked);
    for (const [key, value] of least) {
      if (value <= (counts.get(key) ?? 0)) continue;
      const at = new Date(asOf).toISOString();
      throw new InvariantError(
        'asOf',
        `view ${view.name}: ${key} is ${counts.get(key) ?? 0}, by ${at} it was ${value}`,
      );
    }
  }

  let boundary = -Infinity;
  keyspaces.onWrite = (table, row) => {
    if (table !== 'boundary') return;
    const interval = Number(keyspaces.value(row, 'interval_start'));
    if (interval < boundary) world.fail(new InvariantError('forward', `the boundary went back to ${interval}`));
    boundary = interval;
  };
  lake.onPut = (key, body) => {
    if (!key.startsWith('drift/') || settings.lateRepeats) return;
    const { interval, views } = JSON.parse(body.toString()) as DriftReport;
    for (const { name } of VIEWS) {
      const found = views[name];
      if (!found || found.drift === 0) continue;
      world.fail(new InvariantError('drift', `view ${name} differs by ${found.drift} in interval ${interval}`));
    }
  };

  orchestrator.start();
  for (const each of plan.sends) world.at(each.at, '', () => world.spawn(() => send(simulation, each)));
  for (const each of plan.faults) {
    world.at(each.at, `fault ${JSON.stringify(each)}`, () => simulation.apply(each));
  }
  const random = world.random.stream('questions');
  for (let i = 0; i < QUESTIONS; i++) {
    // Most soon after a request, while the layers follow it.
    const after = plan.sends.length > 0 && random.chance(0.7) ? random.pick(plan.sends).at : undefined;
    const at = after === undefined ? random.integer(settings.start, stormEnd) : after + random.integer(0, 8_000);
    const view = random.pick(VIEWS);
    const layer = random.pick(['merged', 'batch', 'speed'] as const);
    const limit = random.chance(0.3) ? random.integer(1, 5) : undefined;
    world.at(at, '', () => world.spawn(() => question(view, layer, limit)));
  }
  world.at(stormEnd, 'nothing fails any more', () => {
    simulation.network.weather.length = 0;
    for (const each of Object.values(simulation.functions)) each.calm();
    topic.clocks.fill(0);
    orchestrator.downUntil = 0;
  });

  /** All that must be right once everything came to rest. */
  async function checkEnd(): Promise<void> {
    const newest = Math.max(...topic.partitions.map((_, partition) => reference.intervalOf(partition)));
    topic.partitions.forEach(({ records }, partition) => {
      for (const [name, source] of Object.entries(simulation.sources)) {
        if (source.committed(partition) >= records.length) continue;
        throw new InvariantError(
          'live',
          `${name} is at offset ${source.committed(partition)} of partition ${partition}`,
        );
      }
    });
    if (plan.sends.length > 0 && boundary + length < Math.min(newest, stormEnd)) {
      const { error = 'no run failed' } = orchestrator.last ?? {};
      throw new InvariantError('live', `the boundary is at ${boundary}: ${error}`);
    }
    if (orchestrator.last?.ok === false)
      throw new InvariantError('live', `the last run failed: ${orchestrator.last.error}`);
    const { published, unreconciled, manifests } = lake.json(planKey) as StoredPlan;
    if (unreconciled.length > 0 || published < manifests.length) {
      throw new InvariantError('live', `${unreconciled.length} intervals are not reconciled, ${published} published`);
    }
    const reports = new Set(lake.keys('drift/').map((key) => key.slice('drift/'.length)));
    const missing = lake.keys('published/').filter((key) => !reports.has(key.slice('published/'.length)));
    if (missing.length > 0)
      throw new InvariantError('live', `${missing.length} published intervals were never compared`);
    for (const row of keyspaces.rows('speed_head')) {
      const schema = speedSchema(simulation.version.views, settings.intervalMinutes);
      const { remembered } = decodeHead(0, keyspaces.value(row, 'state') as Buffer, schema);
      const partition = Number(keyspaces.value(row, 'kafka_partition'));
      // What runs when a version is deployed may end later.
      const late = reference.lastPost(partition) < simulation.deployed + 15 * MINUTE;
      if (!late && remembered.length > simulation.version.horizon + 1) {
        throw new InvariantError('bounded', `posts of ${remembered.length} intervals are remembered`);
      }
      const stored = new Set(
        [...keyspaces.rows('speed_posts')]
          .filter((each) => Number(keyspaces.value(each, 'kafka_partition')) === partition)
          .map((each) => Number(keyspaces.value(each, 'interval_start'))),
      );
      // One beside them: of an interval whose fold was not finished.
      if (stored.size > remembered.length + 1) {
        throw new InvariantError('bounded', `posts of ${stored.size} intervals are stored, of ${remembered.length} remembered`);
      }
    }
    for (const view of VIEWS) {
      const answer = async (layer: Layer) => {
        const found = await ask(simulation, view, layer);
        if (!found) throw new InvariantError('live', `view ${view.name} has no answer`);
        return found;
      };
      expect(
        'merged',
        view,
        reference.expected(view, () => true),
        (await answer('merged')).counts,
      );
      const batch = await answer('batch');
      expect(
        'batch',
        view,
        reference.expected(view, ({ interval }) => interval <= batch.boundary!),
        batch.counts,
      );
    }
  }

  let error: Error | undefined;
  const { rows } = CHUNK;
  Object.assign(CHUNK, { rows: CHUNK_ROWS });
  try {
    await world.runUntil(stormEnd + (PATIENCE + 1) * length);
    const jobs = { ...orchestrator };
    await world.runUntil(world.now + IDLE * length);
    if (orchestrator.jobs > jobs.jobs) {
      throw new InvariantError('idle', `${orchestrator.jobs - jobs.jobs} jobs in ${IDLE} intervals without a post`);
    }
    world.spawn(async () => {
      await checkEnd();
      world.note('all is right');
    });
    await world.runUntil(world.now + HOUR);
  } catch (caught) {
    error = caught as Error;
  } finally {
    Object.assign(CHUNK, { rows });
  }
  return { error, digest: world.digest(), events: world.events };
}
