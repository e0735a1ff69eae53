/** Runs a plan, and checks the invariants while it runs and at its end. */
import { type Layer } from '../../lambda/query/api';
import { type DriftReport, type Seal } from '../../lambda/formats/interval-metadata';
import { VIEWS, type View } from '../../lambda/domain/views';
import { decodeHead, speedSchema } from '../../lambda/formats/speed-head';
import { parseRawKey, planKey, PREFIXES, quarantineKey, rawPrefix } from '../../lambda/formats/keys';
import { type Plan as StoredPlan } from '../../lambda/formats/plan';
import { STEP_BUDGET_MS } from '../../lambda/runtime/budget';
import { CHUNK } from '../../lambda/formats/view-run';
import { ask, send } from './clients';
import { HOUR, type Plan } from './plan';
import { keyText, type Expected } from './reference';
import { type Process } from './process';
import { Simulation, TOPIC } from './simulation';
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
const QUESTIONS = 60;
/** Of a view with `top`: so few that something is left out. */
const TOP_KEEP = 2;
/** What a step does after its last unit, if nothing disturbs it. */
const AFTER_BUDGET_MS = 5_000;
const BATCH_STEPS: readonly string[] = ['seal', 'compact', 'publish', 'reconcile'];
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
  // Of equal values the first keys are retained.
  const inOrder = (a: Entry, b: Entry) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
  return new Map([...groups.values()].flatMap((group) => group.sort(inOrder).slice(0, keep)));
}

type Entry = readonly [string, number];

function firstDifference(expected: Expected, got: Expected): string | undefined {
  for (const key of new Set([...expected.keys(), ...got.keys()])) {
    if (expected.get(key) !== got.get(key)) return `${key} is ${got.get(key)}, must be ${expected.get(key)}`;
  }
  return undefined;
}

/** The sizes that make a small run pass what takes millions of posts. */
async function withSmallSizes<T>(work: () => Promise<T>): Promise<T> {
  const { rows } = CHUNK;
  const tops = VIEWS.flatMap(({ top }) => (top ? [{ top, keep: top.keep }] : []));
  Object.assign(CHUNK, { rows: CHUNK_ROWS });
  for (const { top } of tops) Object.assign(top, { keep: TOP_KEEP });
  try {
    return await work();
  } finally {
    Object.assign(CHUNK, { rows });
    for (const { top, keep } of tops) Object.assign(top, { keep });
  }
}

export function runPlan(plan: Plan, options: RunOptions = {}): Promise<Outcome> {
  return withSmallSizes(() => run(plan, options));
}

async function run(plan: Plan, { trace }: RunOptions): Promise<Outcome> {
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
    const most = reference.expected(view, () => true);
    for (const [key, value] of counts) {
      if (value <= (most.get(key) ?? 0)) continue;
      throw new InvariantError(
        'most',
        `view ${view.name}, ${layer}: ${key} is ${value}, at most ${most.get(key) ?? 0}`,
      );
    }
    // What comes again after the batch layer's memory is not missing from the speed layer, which remembers longer.
    if (layer === 'speed' || view.top || settings.lateRepeats) return;
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

  const random = world.random.stream('questions');
  const fail = (invariant: string, message: string) => world.fail(new InvariantError(invariant, message));
  let boundary = -Infinity;
  let reconciled = -Infinity;
  keyspaces.onWrite = (table, row) => {
    if (table !== 'boundary') return;
    const instant = (column: string) => Number(keyspaces.value(row, column) ?? -Infinity);
    const interval = instant('interval_start');
    if (interval < boundary) fail('forward', `the boundary went back to ${interval}`);
    if (instant('reconciled_interval') < reconciled) fail('forward', 'the newest reconciled interval went back');
    reconciled = instant('reconciled_interval');
    if (interval === boundary) return;
    boundary = interval;
    // At once: all that belongs to it must be there.
    world.after(random.integer(0, 20), '', () => world.spawn(() => question(random.pick(VIEWS), 'batch')));
  };

  let held: StoredPlan | undefined;
  /** What must hold when an object is written, by the prefix of its key. */
  const written: Readonly<Record<string, (key: string, body: Buffer, process?: Process) => void>> = {
    [PREFIXES.raw]: (key) => {
      const { partition, first, last } = parseRawKey(key)!;
      for (let offset = first; offset <= last; offset++) {
        if (!reference.isBad(partition, offset) || lake.objects.has(quarantineKey(TOPIC, partition, offset))) continue;
        fail('quarantine', `${key} names offset ${offset}, whose bytes are nowhere`);
      }
    },
    [PREFIXES.quarantine]: (key) => {
      const [, partition, offset] = /partition=(\d+)\/(\d+)\.json$/.exec(key)!;
      if (!reference.isBad(Number(partition), Number(offset))) fail('quarantine', `${key} is of a good record`);
    },
    [PREFIXES.seals]: (key, body) => {
      for (const { partition, from, to } of (JSON.parse(body.toString()) as Seal).partitions) {
        const archived = new Set<number>();
        for (const { first, last } of lake.keys(rawPrefix(TOPIC, partition)).map((each) => parseRawKey(each)!)) {
          for (let offset = Math.max(first, from); offset <= Math.min(last, to - 1); offset++) archived.add(offset);
        }
        if (archived.size < to - from) fail('archived', `${key} names offsets of partition ${partition} too early`);
      }
    },
    [planKey]: (_, body, process) => {
      const next = JSON.parse(body.toString()) as StoredPlan;
      const isFree = !held || held.run === null || held.leaseUntil <= world.now;
      const by = process?.run ?? null;
      const isHolder = held?.run === by;
      if (!isHolder && !(isFree && next.run === by)) fail('lease', `run ${by} changes the plan of run ${held?.run}`);
      if (isHolder && next.run !== null && next.run !== by) fail('lease', `run ${by} gives its plan to ${next.run}`);
      held = next;
    },
    [PREFIXES.drift]: (_, body) => {
      const { interval, views } = JSON.parse(body.toString()) as DriftReport;
      for (const { name } of VIEWS) {
        const found = views[name];
        if (settings.lateRepeats || !found || found.drift === 0) continue;
        fail('drift', `view ${name} differs by ${found.drift} in interval ${interval}`);
      }
    },
  };
  lake.onPut = (key, body, process) => {
    const check = written[key] ?? written[key.slice(0, key.indexOf('/') + 1)];
    check?.(key, body, process);
  };
  simulation.onEnded = (name, ms) => {
    if (!BATCH_STEPS.includes(name) || simulation.network.troubled >= world.now - ms) return;
    const most = STEP_BUDGET_MS + AFTER_BUDGET_MS;
    if (ms > most) fail('budget', `${name} took ${ms} ms, at most ${most} ms are allowed`);
  };
  simulation.onCanary = (began, { failed, canarySpeedAge }) => {
    if (failed === 0 && !reference.canaries.some((sent) => sent >= began)) {
      fail('canary', 'the canary reports success, and sent none');
    }
    const newest = began - (canarySpeedAge ?? began);
    if (newest % length !== 0 && !reference.canaries.includes(newest)) fail('canary', `nobody sent ${newest}`);
    speedCanary = newest;
  };
  let speedCanary = 0;

  orchestrator.start();
  for (const each of plan.sends) world.at(each.at, '', () => world.spawn(() => send(simulation, each)));
  for (const each of plan.faults) {
    world.at(each.at, `fault ${JSON.stringify(each)}`, () => simulation.apply(each));
  }
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
    topic.grains.fill(1);
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

  /** The canary finds that all is right, and the one that it sent before. */
  async function checkCanary(): Promise<void> {
    const before = world.now;
    await simulation.canary.invoke({});
    await world.sleep(2 * MINUTE, '');
    await simulation.canary.invoke({});
    if (speedCanary < before) throw new InvariantError('canary', 'the speed layer does not show the newest canary');
  }

  let error: Error | undefined;
  try {
    await world.runUntil(stormEnd + (PATIENCE + 1) * length);
    const done = () => ({
      jobs: orchestrator.jobs,
      records: topic.partitions.reduce((sum, { records }) => sum + records.length, 0),
    });
    const before = done();
    await world.runUntil(world.now + IDLE * length);
    const { jobs, records } = done();
    if (jobs > before.jobs || records > before.records) {
      const more = `${jobs - before.jobs} jobs and ${records - before.records} records`;
      throw new InvariantError('idle', `${more} in ${IDLE} intervals without a post`);
    }
    const check = async () => {
      await checkEnd();
      await checkCanary();
      world.note('all is right');
    };
    world.after(0, '', () => world.spawn(check));
    await world.runUntil(world.now + HOUR);
  } catch (caught) {
    error = caught as Error;
  }
  return { error, digest: world.digest(), events: world.events };
}
