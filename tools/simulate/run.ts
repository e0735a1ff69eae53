/** Runs a plan, and checks the invariants while it runs and at its end. */
import { parseIntervalName } from '../../lambda/domain/intervals';
import { type DriftReport, type Seal } from '../../lambda/formats/interval-metadata';
import { decodeHead, speedSchema } from '../../lambda/formats/speed-head';
import { parseRawKey, planKey, PREFIXES, quarantineKey, rawPrefix } from '../../lambda/formats/keys';
import { type Plan as StoredPlan } from '../../lambda/formats/plan';
import { STEP_BUDGET_MS } from '../../lambda/runtime/budget';
import { LIMITS } from '../../lambda/seal/handler';
import { RAW_LOG } from '../../lambda/aws/lake';
import { CHUNK } from '../../lambda/formats/view-run';
import { send, type Question } from './clients';
import { ENDINGS } from './endings';
import { erasePerson, OPERATOR, replayQuarantine } from './operators';
import { deployments, HOUR, type Fault, type Plan } from './plan';
import { type Process } from './process';
import { answerTo, check, makeQuestion, mayDiffer, pose, settled } from './questions';
import { type Added } from './reference';
import { LARGEST_BATCH, Simulation, TOPIC } from './simulation';
import { CHANGED_VIEWS, VIEW_CHANGES, type Change } from './versions';
import { InvariantError } from './world';

export interface RunOptions {
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  /** Undefined if all invariants held. */
  readonly error: Error | undefined;
  /** Names all that happened: the same for the same plan. Undefined without a trace. */
  readonly digest: string | undefined;
  readonly events: number;
}

const MINUTE = 60_000;
const QUESTIONS = 80;
const VIEWS_CHANGED: ReadonlySet<Change> = new Set(VIEW_CHANGES);
/** What a step does after its last unit, if nothing disturbs it. */
const AFTER_BUDGET_MS = 5_000;
const BATCH_STEPS: readonly string[] = ['seal', 'compact', 'publish', 'reconcile'];
/** Intervals, once nothing fails any more, in which everything is published that did not wait before. */
const PATIENCE = 3;
/** The most intervals of a run. */
const INTERVALS = 4;
/** Sizes that make a small run pass what takes millions of posts: views have several chunks, a backlog takes several runs. */
const SMALL = [
  [CHUNK, { rows: 5 }],
  [LIMITS, { intervals: INTERVALS }],
  [RAW_LOG, { largestBatch: LARGEST_BATCH }],
] as const;
/** The longest that operators take at the end, hours. */
const LONGEST_CHECK = 48;
/** Intervals without a post, at the end. */
const IDLE = 3;

export async function runPlan(plan: Plan, { trace }: RunOptions = {}): Promise<Outcome> {
  const simulation = new Simulation(plan, trace);
  const { world, reference, keyspaces, lake, topic, orchestrator } = simulation;
  const { settings } = plan;
  const length = settings.intervalMinutes * MINUTE;
  const stormEnd = settings.start + settings.stormMs;

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
    world.after(random.integer(0, 20), '', () =>
      world.spawn(() => pose(simulation, random.pick(simulation.versions.current.views), { layer: 'batch' })),
    );
  };

  let held: StoredPlan | undefined;
  /** What must hold when an object is written, by the prefix of its key. */
  const written: Readonly<Record<string, (key: string, body: Buffer, process?: Process) => void>> = {
    [PREFIXES.raw]: (key, _, process) => {
      // Whoever erases a post deletes its quarantined records first.
      if (process?.role === OPERATOR) return;
      const { partition, first, last } = parseRawKey(key)!;
      for (let offset = first; offset <= last; offset++) {
        if (!reference.isBad(partition, offset) || lake.objects.has(quarantineKey(TOPIC, partition, offset))) continue;
        fail('quarantine', `${key} names offset ${offset}, whose bytes are nowhere`);
      }
    },
    [PREFIXES.quarantine]: (key) => {
      const [, partition, offset] = /partition=(\d+)\/(\d+)\.json$/.exec(key)!;
      if (!reference.mayBeBad(Number(partition), Number(offset))) fail('quarantine', `${key} is of a good record`);
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
      if (settings.lateRepeats) return;
      for (const view of simulation.versions.current.views) {
        const { drift = 0 } = views[view.name] ?? {};
        if (drift === 0 || mayDiffer(simulation, view, parseIntervalName(interval, settings.intervalMinutes))) continue;
        fail('drift', `view ${view.name} differs by ${drift} in interval ${interval}`);
      }
    },
  };
  lake.onPut = (key, body, process) => {
    const checkWritten = written[key] ?? written[key.slice(0, key.indexOf('/') + 1)];
    checkWritten?.(key, body, process);
  };
  simulation.onEnded = (name, ms, run) => {
    // By hand, a step does all at once.
    if (run === undefined || !BATCH_STEPS.includes(name) || simulation.network.troubled >= world.now - ms) return;
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
    world.at(each.at, `fault ${JSON.stringify(each)}`, () => apply(each));
  }
  for (let i = 0; i < QUESTIONS; i++) {
    // Most soon after a request, while the layers follow it.
    const after = plan.sends.length > 0 && random.chance(0.7) ? random.pick(plan.sends).at : undefined;
    const at = after === undefined ? random.integer(settings.start, stormEnd) : after + random.integer(0, 8_000);
    const { view, question } = makeQuestion(random, plan);
    world.at(at, '', () => world.spawn(() => pose(simulation, view, question)));
  }
  // While rows of both versions are in the open interval.
  for (const deployed of deployments(plan.faults)) {
    if (!VIEWS_CHANGED.has(deployed.change)) continue;
    for (const view of CHANGED_VIEWS) {
      const at = deployed.at + random.integer(0, Math.min(length, HOUR));
      world.at(at, '', () => world.spawn(() => pose(simulation, view, { layer: 'merged' })));
      // Its next page comes from another version.
      const before = Math.max(settings.start, deployed.at - random.integer(0, 5 * MINUTE));
      const paged = { layer: 'speed', limit: 2, pauseMs: 10 * MINUTE } as const;
      world.at(before, '', () => {
        const asked = simulation.versions.current.views.find(({ name }) => name === view.name);
        if (asked) world.spawn(() => pose(simulation, asked, paged));
      });
    }
  }
  world.at(stormEnd, 'nothing fails any more', () => {
    simulation.network.weather.length = 0;
    for (const each of Object.values(simulation.functions)) each.calm();
    topic.clocks.fill(0);
    topic.grains.fill(1);
    orchestrator.downUntil = 0;
  });

  /** Operators at work. */
  let busy = 0;
  function operate(work: () => Promise<unknown>): void {
    busy++;
    world.spawn(async () => {
      await work();
      busy--;
    });
  }

  function apply(fault: Fault): void {
    if (fault.kind === 'replay') operate(() => replayQuarantine(simulation));
    else if (fault.kind === 'erase') {
      operate(() => erasePerson(simulation, simulation.posts.get(fault.post)![0].person));
    } else simulation.apply(fault);
  }

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
    const { views, horizon } = simulation.versions.current;
    const { ready } = simulation.versions;
    const schema = speedSchema(views, settings.intervalMinutes);
    for (const row of keyspaces.rows('speed_head')) {
      const { remembered } = decodeHead(0, keyspaces.value(row, 'state') as Buffer, schema);
      const partition = Number(keyspaces.value(row, 'kafka_partition'));
      // What runs when a version is deployed may end later.
      const late = reference.lastPost(partition) < ready + 15 * MINUTE;
      if (!late && remembered.length > horizon + 1) {
        throw new InvariantError('bounded', `posts of ${remembered.length} intervals are remembered`);
      }
    }
    await checkAnswers();
    await checkCanary();
    for (const ending of settings.ending) {
      await ENDINGS[ending](simulation);
      if (ending !== 'topic') await checkAnswers();
    }
  }

  /** Of all views, by both layers together and by the batch layer alone, in one page or in some. */
  async function checkAnswers(): Promise<void> {
    for (const view of simulation.versions.current.views) {
      for (const layer of ['merged', 'batch'] as const) {
        const question: Question = { layer, ...(world.random.chance(0.3) && { limit: 4 }) };
        const answer = await answerTo(simulation, view, question);
        const there = ({ interval }: Added) => layer === 'merged' || interval <= answer.boundary!;
        const bounds = settled(simulation, view, layer, { must: there, may: there });
        check(simulation, layer, view, question, answer.counts, bounds);
      }
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

  async function runUntilTrue(isDone: () => boolean): Promise<void> {
    for (let hours = 0; !isDone(); hours++) {
      if (hours === LONGEST_CHECK) throw new InvariantError('live', 'operators do not get through');
      await world.runUntil(world.now + HOUR);
    }
  }

  let error: Error | undefined;
  const sizes = SMALL.map(([of]) => ({ ...of }));
  for (const [of, small] of SMALL) Object.assign(of, small);
  try {
    await world.runUntil(stormEnd + length);
    await runUntilTrue(() => busy === 0);
    // A run an interval, while one more is due each time.
    const backlog = (stormEnd - Math.max(boundary, settings.start)) / length;
    await world.runUntil(world.now + Math.max(PATIENCE, 1 + Math.ceil(backlog / (INTERVALS - 1))) * length);
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
    let checked = false;
    const checkAll = async () => {
      await checkEnd();
      checked = true;
    };
    world.after(0, '', () => world.spawn(checkAll));
    await runUntilTrue(() => checked);
    world.note('all is right');
  } catch (caught) {
    error = caught as Error;
  } finally {
    SMALL.forEach(([of], i) => Object.assign(of, sizes[i]));
  }
  return { error, digest: world.digest(), events: world.events };
}
