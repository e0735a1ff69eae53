/** Runs a plan, and checks the invariants while it runs and at its end. */
import { type DriftReport } from '../../lambda/formats/interval-metadata';
import { parseIntervalName } from '../../lambda/domain/intervals';
import { decodeState, stateSchema } from '../../lambda/formats/speed-state';
import { planKey } from '../../lambda/formats/keys';
import { type Plan as StoredPlan } from '../../lambda/formats/plan';
import { CHUNK } from '../../lambda/formats/view-run';
import { send, type Question } from './clients';
import { ENDINGS } from './endings';
import { erasePerson, replayQuarantine } from './operators';
import { HOUR, type Fault, type Plan } from './plan';
import { answerTo, check, makeQuestion, mayDiffer, pose, settled } from './questions';
import { type Added } from './reference';
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
    for (const view of simulation.versions.current.views) {
      const { drift = 0 } = views[view.name] ?? {};
      if (drift === 0 || mayDiffer(simulation, view, parseIntervalName(interval, settings.intervalMinutes))) continue;
      world.fail(new InvariantError('drift', `view ${view.name} differs by ${drift} in interval ${interval}`));
    }
  };

  orchestrator.start();
  for (const each of plan.sends) world.at(each.at, '', () => world.spawn(() => send(simulation, each)));
  for (const each of plan.faults) {
    world.at(each.at, `fault ${JSON.stringify(each)}`, () => apply(each));
  }
  const random = world.random.stream('questions');
  for (let i = 0; i < QUESTIONS; i++) {
    // Most soon after a request, while the layers follow it.
    const after = plan.sends.length > 0 && random.chance(0.7) ? random.pick(plan.sends).at : undefined;
    const at = after === undefined ? random.integer(settings.start, stormEnd) : after + random.integer(0, 8_000);
    const { view, question } = makeQuestion(random, plan);
    world.at(at, '', () => world.spawn(() => pose(simulation, view, question)));
  }
  world.at(stormEnd, 'nothing fails any more', () => {
    simulation.network.weather.length = 0;
    for (const each of Object.values(simulation.functions)) each.calm();
    topic.clocks.fill(0);
    orchestrator.downUntil = 0;
  });

  function apply(fault: Fault): void {
    if (fault.kind === 'replay') world.spawn(() => replayQuarantine(simulation));
    else if (fault.kind === 'erase') {
      world.spawn(() => erasePerson(simulation, simulation.posts.get(fault.post)![0].person));
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
    const { views, recentPosts } = simulation.versions.current;
    for (const row of keyspaces.rows('speed_state')) {
      const schema = stateSchema(views, settings.intervalMinutes);
      const { recent } = decodeState(0, keyspaces.value(row, 'state') as Buffer, schema);
      // What runs when a version is deployed may end later.
      const since = simulation.versions.ready + 15 * MINUTE;
      const late = reference.lastPost(Number(keyspaces.value(row, 'kafka_partition'))) < since;
      if (late || recent.size <= recentPosts) continue;
      throw new InvariantError('bounded', `a state has ${recent.size} posts, at most ${recentPosts}`);
    }
    await checkAnswers();
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
    let checked = false;
    world.spawn(async () => {
      await checkEnd();
      checked = true;
    });
    for (let hours = 0; !checked; hours++) {
      if (hours === LONGEST_CHECK) throw new InvariantError('live', 'operators do not get through');
      await world.runUntil(world.now + HOUR);
    }
    world.note('all is right');
  } catch (caught) {
    error = caught as Error;
  } finally {
    Object.assign(CHUNK, { rows });
  }
  return { error, digest: world.digest(), events: world.events };
}
