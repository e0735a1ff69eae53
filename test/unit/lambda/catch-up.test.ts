/**
 * 48 hours of intervals, sealed and not published, get published under the limits of each orchestrator, faster than time passes. Real
 * handlers and the real flow; what `compact` costs is charged to a virtual clock.
 */
import { batchFlow, type FlowTask } from '../../../lib/constructs/batch-flow';
import { type ViewsEngineName } from '../../../lambda/compact/core';
import { type StepResponse } from '../../../lambda/runtime/budget';
import { BatchLayer, HOUR, type StepFunction } from '../../support/batch-layer';

const SECOND = 1_000;
const BACKLOG = 48;
/** A function is ended after it, whatever it does. */
const FUNCTION_TIMEOUT = 840 * SECOND;

interface Client {
  /** A connection on which nothing flows for longer is dropped. */
  readonly connection: number;
  /** What passes until the client notices, ms. */
  readonly noticedAfter: number;
  /** How often the client invokes, the first time included. */
  readonly attempts: number;
}

/** MWAA through a NAT gateway; botocore is set to invoke once. @see dags/pipeline.py */
const NAT: Client = { connection: 350 * SECOND, noticedAfter: 340 * SECOND, attempts: 1 };
/** MWAA Serverless, whose operators take no configuration of the client. */
const SERVERLESS: Client = { connection: 60 * SECOND, noticedAfter: 60 * SECOND, attempts: 5 };

interface Orchestrator {
  readonly client: Client;
  /** Whether a task is invoked until it is done, as by the DAG, or as often as it is written down. */
  readonly loops: boolean;
}

class BrokenConnection extends Error {}
class FunctionEnded extends Error {}

/** Runs the flow: tasks that depend on each other one after the other, all others beside each other in time. */
class Runner {
  invocations = 0;
  longest = 0;
  /** Called before each invocation; throws where the run is killed. */
  beforeInvocation: (task: string) => Promise<unknown> | void = () => undefined;

  constructor(
    private readonly layer: BatchLayer,
    private readonly flow: readonly FlowTask[],
    private readonly orchestrator: Orchestrator,
  ) {}

  async run(id: string): Promise<Map<string, StepResponse>> {
    const ended = new Map<string, number>();
    const responses = new Map<string, StepResponse>();
    const { clock } = this.layer;
    const began = clock.now;
    for (const task of this.flow) {
      clock.now = Math.max(began, ...task.after.map((before) => ended.get(before)!));
      if (task.kind === 'spark') await this.layer.views(id);
      else responses.set(task.id, await this.repeat(task, id));
      ended.set(task.id, clock.now);
      // As the DAG: where nothing is due, or another run works, the run ends.
      const { state, due } = { ...responses.get('seal') } as StepResponse & { due?: number };
      if (this.orchestrator.loops && (state === 'superseded' || due === 0)) break;
    }
    clock.now = Math.max(...ended.values());
    return responses;
  }

  private async repeat(task: Extract<FlowTask, { kind: 'step' }>, run: string): Promise<StepResponse> {
    const { loops } = this.orchestrator;
    const event = { ...task.payload, run, ...(!loops && { notYet: 'fail' }) };
    for (let round = 1; ; round++) {
      const response = await this.invoke(task.id, task.function, event);
      if (response.state === 'notYet') this.layer.charge(10 * SECOND);
      else if (response.state !== 'more' || (!loops && round === task.rounds)) return response;
    }
  }

  private async invoke(task: string, step: StepFunction, event: object): Promise<StepResponse> {
    const { client } = this.orchestrator;
    const { clock } = this.layer;
    for (let attempt = 1; ; attempt++) {
      await this.beforeInvocation(task);
      this.invocations++;
      const began = clock.now;
      this.layer.onCharge = () => {
        if (clock.now - began > FUNCTION_TIMEOUT) throw new FunctionEnded();
      };
      const response = await this.layer.invoke(step, event).catch((error: unknown) => {
        if (error instanceof FunctionEnded) return undefined;
        throw error;
      });
      this.layer.onCharge = () => undefined;
      this.longest = Math.max(this.longest, clock.now - began);
      if (response && clock.now - began <= client.connection) return response;
      // The response does not arrive: the client learns nothing of it.
      clock.now = Math.max(clock.now, began + client.noticedAfter);
      if (attempt === client.attempts) throw new BrokenConnection(`${task} responds too late`);
    }
  }
}

const layers: BatchLayer[] = [];
afterEach(() => layers.splice(0).forEach((layer) => layer.close()));

function behind(partitions: number, compactMs: number, duckdbMs?: number): BatchLayer {
  const layer = new BatchLayer({ partitions, compactMs, publishMs: 2 * SECOND, viewsMs: 180 * SECOND, duckdbMs });
  layers.push(layer);
  layer.append(BACKLOG);
  layer.clock.now = layer.interval(BACKLOG);
  return layer;
}

const flowOf = (partitions: number, viewsEngine: ViewsEngineName = 'spark') => batchFlow({ partitions, viewsEngine });

/** Starts a run each hour, or when the one before has ended, until every interval that is over is published. */
async function catchUp(layer: BatchLayer, runner: Runner) {
  const began = layer.clock.now;
  const perRun: number[] = [];
  for (let hour = BACKLOG; ;) {
    const before = layer.published.length;
    await runner.run(`scheduled__${new Date(layer.clock.now).toISOString()}`);
    perRun.push(layer.published.length - before);
    const over = Math.floor((layer.clock.now - layer.interval(0)) / HOUR);
    layer.append(over - hour);
    hour = over;
    if (layer.published.length === hour) break;
    // The next run starts at the next hour, unless this one took longer.
    if (perRun.at(-1)! > 0 && layer.clock.now < layer.interval(hour) + 1) continue;
    layer.append(1);
    hour++;
    layer.clock.now = Math.max(layer.clock.now, layer.interval(hour));
  }
  const hours = (layer.clock.now - began) / HOUR;
  return { perRun, hours, published: layer.published.length };
}

interface Case {
  readonly name: string;
  readonly partitions: number;
  readonly compactMs: number;
  readonly viewsEngine: ViewsEngineName;
  /** What the views of an interval cost in `commit`. @default - the Spark job computes them */
  readonly duckdbMs?: number;
  readonly orchestrator: Orchestrator;
}

const CASES: readonly Case[] = [
  {
    name: 'prod at 1,000 posts a second, by MWAA through NAT (350 s)',
    partitions: 12,
    compactMs: 27_100,
    viewsEngine: 'spark',
    orchestrator: { client: NAT, loops: true },
  },
  {
    name: 'prod at 1,000 posts a second, whose views DuckDB computes, by MWAA through NAT (350 s)',
    partitions: 12,
    compactMs: 27_100,
    viewsEngine: 'auto',
    duckdbMs: 12 * SECOND,
    orchestrator: { client: NAT, loops: true },
  },
  {
    name: 'lean at 100 posts a second, by MWAA Serverless (60 s, 5 attempts)',
    partitions: 3,
    compactMs: 11_100,
    viewsEngine: 'duckdb',
    duckdbMs: 1.2 * SECOND,
    orchestrator: { client: SERVERLESS, loops: false },
  },
  {
    name: 'a unit that fills the budget, by MWAA Serverless (60 s, 5 attempts)',
    partitions: 3,
    compactMs: 27_100,
    viewsEngine: 'spark',
    orchestrator: { client: SERVERLESS, loops: false },
  },
];

describe('48 intervals that are sealed and not published', () => {
  it.each(CASES)(
    'are caught up: $name',
    async ({ name, partitions, compactMs, viewsEngine, duckdbMs, orchestrator }) => {
      const layer = behind(partitions, compactMs, duckdbMs);
      // All of them are sealed by a run that dies then, and its lease ends.
      await layer.invoke('seal', { run: 'dead' });
      expect(layer.lake.keys('seals/')).toHaveLength(BACKLOG);
      layer.append(1);
      layer.clock.now = layer.interval(BACKLOG + 1);

      const runner = new Runner(layer, flowOf(partitions, viewsEngine), orchestrator);
      const { perRun, hours, published } = await catchUp(layer, runner);
      process.stdout.write(
        `${name}: ${published} intervals in ${perRun.length} runs and ${hours.toFixed(1)} hours, ` +
          `${runner.invocations} invocations of ${(runner.longest / SECOND).toFixed(1)} s at most\n`,
      );
      for (const each of perRun) expect(each).toBeGreaterThan(0);
      // Of time that passes, published intervals are hours of the log.
      expect(published / Math.max(1, hours)).toBeGreaterThanOrEqual(2);
      expect(runner.longest).toBeLessThan(60 * SECOND);
      const all = Array.from({ length: published }, (_, hour) => layer.name(hour));
      expect(layer.published).toEqual(all);
      expect(layer.plan.unreconciled).toEqual([]);
      expect(layer.jobs.some((intervals) => intervals.length > 0)).toBe(duckdbMs === undefined);
    },
  );
});

describe('a run that is killed', () => {
  it.each(['seal', 'compact_1', 'commit', 'publish', 'reconcile'])(
    'before %s is resumed by the next one',
    async (victim) => {
      const layer = behind(2, 5_000);
      const runner = new Runner(layer, flowOf(2), { client: NAT, loops: true });
      let killed = false;
      runner.beforeInvocation = (task) => {
        if (task !== victim || killed) return;
        killed = true;
        throw new Error('the worker is gone');
      };
      await expect(runner.run('a')).rejects.toThrow('the worker is gone');
      const computed = layer.compacted.length;
      layer.append(1);
      layer.clock.now = layer.interval(BACKLOG + 1);
      await runner.run('b');
      expect(layer.published.length).toBeGreaterThanOrEqual(BACKLOG);
      // What was computed before is not computed again.
      expect(new Set(layer.compacted).size).toBe(layer.compacted.length);
      expect(layer.compacted.length).toBeGreaterThanOrEqual(computed);
      layer.clock.now += HOUR / 2;
      await runner.run('c');
      expect(layer.published).toHaveLength(BACKLOG + 1);
      expect(layer.plan).toMatchObject({ run: null, unreconciled: [] });
    },
  );
});

describe('two runs that overlap', () => {
  it('do the work once: the second one is superseded and ends', async () => {
    const layer = behind(2, 5_000);
    const flow = flowOf(2);
    const second = new Runner(layer, flow, { client: SERVERLESS, loops: false });
    const first = new Runner(layer, flow, { client: SERVERLESS, loops: false });
    const states: unknown[] = [];
    // Whole runs of the second one, before each step of the first.
    first.beforeInvocation = async (task) => {
      if (task === 'seal') return;
      const responses = await second.run(`b before ${task}`);
      for (const { state, holder } of responses.values()) states.push([state, holder]);
    };
    await first.run('a');
    expect(states.length).toBeGreaterThan(0);
    for (const each of states) expect(each).toEqual(['superseded', 'a']);
    expect(new Set(layer.compacted).size).toBe(layer.compacted.length);
    expect(layer.published.length).toBeGreaterThan(1);
  });
});

describe('a lease whose holder died', () => {
  it('ends within half an interval, and the next run takes all of its work', async () => {
    const layer = behind(2, 5_000);
    await layer.invoke('seal', { run: 'dead' });
    const runner = new Runner(layer, flowOf(2), { client: NAT, loops: true });
    const superseded = await runner.run('b');
    expect(superseded.get('seal')).toMatchObject({ state: 'superseded', holder: 'dead' });
    expect(layer.published).toEqual([]);
    layer.clock.now = layer.interval(BACKLOG) + HOUR / 2 + SECOND;
    await runner.run('c');
    expect(layer.published).toHaveLength(BACKLOG);
  });
});
