/** The steps of a run over the real handlers: each finds its work in the plan, ends within its budget, and leaves the rest. */
import {
  driftKey,
  manifestKey,
  planKey,
  rawKey,
  summaryKey,
  viewsDoneKey,
  viewsListKey,
} from '../../../lambda/formats/keys';
import { type ViewsDone } from '../../../lambda/formats/interval-metadata';
import { type StepResponse } from '../../../lambda/runtime/budget';
import { BatchLayer, HOUR, TOPIC, type BatchLayerOptions } from '../../support/batch-layer';

const layers: BatchLayer[] = [];
afterEach(() => layers.splice(0).forEach((layer) => layer.close()));

/** A log of some intervals, and a clock a little after the last of them. */
function layerOf(hours: number, options: Partial<BatchLayerOptions> = {}): BatchLayer {
  const layer = new BatchLayer({ partitions: 2, compactMs: 10_000, ...options });
  layers.push(layer);
  layer.append(hours);
  layer.clock.now = layer.interval(hours);
  return layer;
}

/** Invokes until there is nothing more, as an orchestrator does. */
async function through(layer: BatchLayer, step: 'seal' | 'compact' | 'publish' | 'reconcile', event: object) {
  for (let round = 1; ; round++) {
    const began = layer.clock.now;
    const response = await layer.invoke(step, event);
    expect(layer.clock.now - began).toBeLessThan(60_000);
    if (response.state !== 'more') return { ...response, rounds: round };
  }
}

const STEPS = ['seal', 'compact', 'commit', 'views', 'publish', 'reconcile'] as const;

/** A run up to and including a step, as an orchestrator does it. */
async function runTo(
  layer: BatchLayer,
  last: (typeof STEPS)[number],
  run = 'a',
  seal: object = {},
): Promise<StepResponse> {
  const steps = {
    seal: () => through(layer, 'seal', { run, ...seal }),
    compact: () => through(layer, 'compact', { step: 'compact', run, partition: 0, of: 1 }),
    commit: () => through(layer, 'compact', { step: 'commit', run }),
    views: () => layer.views(run),
    publish: () => through(layer, 'publish', { run }),
    reconcile: () => through(layer, 'reconcile', { run }),
  };
  const sealed = await steps.seal();
  for (const step of STEPS.slice(1, STEPS.indexOf(last) + 1)) await steps[step]();
  return sealed;
}

const runAll = (layer: BatchLayer, run: string, seal?: object) => runTo(layer, 'reconcile', run, seal);

const names = (layer: BatchLayer, ...hours: number[]) => hours.map((hour) => layer.name(hour));

describe('a run', () => {
  it('takes what is due through every step and gives the lease back', async () => {
    const layer = layerOf(3);
    await expect(runAll(layer, 'a')).resolves.toMatchObject({ state: 'done', due: 3 });
    expect(layer.published).toEqual(names(layer, 0, 1, 2));
    expect(layer.jobs).toEqual([names(layer, 0, 1, 2)]);
    expect(layer.plan).toMatchObject({ run: null, published: 3, unreconciled: [] });
    expect(layer.plan.manifests).toHaveLength(3);
    expect(layer.store.boundary).toMatchObject({ interval: layer.interval(2), reconciledInterval: layer.interval(2) });
  });

  it('of nothing due gives the lease back at once', async () => {
    const layer = layerOf(1);
    await runAll(layer, 'a');
    await expect(layer.invoke('seal', { run: 'b' })).resolves.toEqual({ state: 'done', due: 0 });
    expect(layer.plan.run).toBeNull();
  });

  it('is asked for an interval that is published, and computes it again, once', async () => {
    const layer = layerOf(3);
    await runAll(layer, 'a');
    layer.compacted.length = 0;
    await runAll(layer, 'b', { interval: layer.name(1) });
    expect(layer.compacted).toEqual([`${layer.name(1)} 0`, `${layer.name(1)} 1`]);
    expect(layer.jobs.at(-1)).toEqual(names(layer, 1));
    expect(layer.plan).toMatchObject({ run: null, intervals: names(layer, 1), published: 1 });
  });

  it('is asked for a range, and computes all of it again in as many calls as it takes', async () => {
    const layer = layerOf(5);
    await runAll(layer, 'a');
    layer.compacted.length = 0;
    await layer.invoke('seal', { run: 'b', from: layer.name(1), interval: layer.name(3) });
    const { rounds } = await through(layer, 'compact', { step: 'compact', run: 'b', partition: 0, of: 1 });
    expect(rounds).toBe(2);
    expect(layer.compacted).toHaveLength(6);
    await expect(layer.invoke('compact', { step: 'commit', run: 'b' })).resolves.toEqual({
      state: 'done',
      committed: 3,
      views: 3,
    });
  });

  it('rejects a range that it cannot take, and does not stand in the way of others', async () => {
    const layer = layerOf(3);
    const range = { from: layer.name(2), interval: layer.name(1) };
    await expect(layer.invoke('seal', { run: 'a', ...range })).rejects.toThrow('from must not be after interval');
    layer.append(60);
    layer.clock.now = layer.interval(63);
    await runAll(layer, 'b');
    await runAll(layer, 'c');
    const long = { from: layer.name(0), interval: layer.name(60) };
    await expect(layer.invoke('seal', { run: 'd', ...long })).rejects.toThrow('at most 48 intervals with records');
    expect(layer.plan.run).toBeNull();
  });
});

describe('compact', () => {
  it('ends within its budget, and goes on where it ended', async () => {
    const layer = layerOf(6);
    await layer.invoke('seal', { run: 'a' });
    const compact = () => layer.invoke('compact', { step: 'compact', run: 'a', partition: 0, of: 2 });
    const began = layer.clock.now;
    await expect(compact()).resolves.toEqual({ state: 'more', computed: 4 });
    expect(layer.clock.now - began).toBe(40_000);
    await expect(compact()).resolves.toEqual({ state: 'done', computed: 2 });
    await expect(compact()).resolves.toEqual({ state: 'done', computed: 0 });
    expect(layer.compacted).toEqual(names(layer, 0, 1, 2, 3, 4, 5).map((name) => `${name} 0`));
  });

  it('takes every partition that the seal names, with any number of tasks', async () => {
    for (const tasks of [1, 2, 3, 5]) {
      const layer = layerOf(1, { partitions: 5, compactMs: 1 });
      await layer.invoke('seal', { run: 'a' });
      for (let partition = 0; partition < tasks; partition++) {
        await layer.invoke('compact', { step: 'compact', run: 'a', partition, of: tasks });
      }
      expect([...layer.compacted].sort()).toEqual([0, 1, 2, 3, 4].map((partition) => `${layer.name(0)} ${partition}`));
    }
  });

  it('computes again what was computed from other inputs, and what follows from it', async () => {
    const layer = layerOf(3, { partitions: 1, compactMs: 1 });
    await layer.invoke('seal', { run: 'a' });
    const compact = () => layer.invoke('compact', { step: 'compact', run: 'a', partition: 0, of: 1 });
    await compact();
    layer.compacted.length = 0;
    layer.lake.objects.set(rawKey(TOPIC, 0, 1, 1), Buffer.from('rewritten, as erasing does'));
    await expect(compact()).resolves.toEqual({ state: 'done', computed: 1 });
    expect(layer.compacted).toEqual([`${layer.name(1)} 0`]);
    const [file] = layer.lake.keys('incomplete-posts/').filter((key) => key.includes(`${layer.name(0)}.parquet`));
    layer.lake.objects.set(file, Buffer.from('other incomplete posts'));
    await expect(compact()).resolves.toEqual({ state: 'done', computed: 1 });
    expect(layer.compacted).toEqual([`${layer.name(1)} 0`, `${layer.name(1)} 0`]);
  });

  it.each([
    [{ step: 'compact', run: 'a', partition: 0 }, "of must be an integer of at least 1, got 'undefined'"],
    [{ step: 'compact', run: 'a', partition: 2, of: 2 }, 'partition must be less than of, got 2 of 2'],
    [{ step: 'compact', run: '', partition: 0, of: 1 }, 'run must be text'],
  ])('rejects the event %j', async (event, message) => {
    await expect(layerOf(1).invoke('compact', event)).rejects.toThrow(message);
  });
});

describe('commit', () => {
  it('takes the intervals up to the first one that is not compacted', async () => {
    const layer = layerOf(3);
    await runTo(layer, 'compact');
    layer.lake.objects.delete(summaryKey(layer.interval(1), 1));
    await expect(layer.invoke('compact', { step: 'commit', run: 'a' })).resolves.toEqual({
      state: 'done',
      committed: 1,
      views: 1,
    });
    expect(layer.lake.keys('manifests/')).toEqual([manifestKey(layer.interval(0))]);
    expect(layer.lake.json(viewsListKey)).toMatchObject({ run: 'a', intervals: names(layer, 0) });
  });

  it('lists what is to be published, of which views that are there are not computed again', async () => {
    const layer = layerOf(2);
    await runTo(layer, 'views');
    // The run dies here, and another one takes over.
    layer.clock.now += HOUR / 2;
    await runAll(layer, 'b');
    expect(layer.jobs).toEqual([names(layer, 0, 1), []]);
    expect(layer.published).toEqual(names(layer, 0, 1));
  });
});

describe('publish', () => {
  it('takes the intervals up to the first one without views, and fails where it can take none', async () => {
    const layer = layerOf(3);
    await runTo(layer, 'views');
    layer.lake.objects.delete(viewsDoneKey(layer.interval(1)));
    await expect(layer.invoke('publish', { run: 'a' })).resolves.toEqual({ state: 'done', published: 1 });
    await expect(layer.invoke('publish', { run: 'a' })).rejects.toThrow(
      `the views of interval ${layer.name(1)} are not computed`,
    );
  });

  it('does not take views of another manifest', async () => {
    const layer = layerOf(1);
    await runTo(layer, 'commit');
    const manifest = layer.lake.text(manifestKey(layer.interval(0)));
    layer.lake.objects.set(manifestKey(layer.interval(0)), Buffer.from(`${manifest} `));
    await layer.views('a');
    await expect(layer.invoke('publish', { run: 'a' })).rejects.toThrow('are not computed');
  });

  it('does not take views of another list of views', async () => {
    const layer = layerOf(1);
    await runTo(layer, 'views');
    const key = viewsDoneKey(layer.interval(0));
    const done = layer.lake.json(key) as ViewsDone;
    layer.lake.objects.set(key, Buffer.from(JSON.stringify({ ...done, definition: 'of the list of before' })));
    await expect(layer.invoke('publish', { run: 'a' })).rejects.toThrow('are not computed');
    expect(layer.store.boundary).toBeUndefined();
  });

  it('ends within its budget', async () => {
    const layer = layerOf(6, { compactMs: 1, publishMs: 20_000 });
    await runTo(layer, 'views');
    await expect(layer.invoke('publish', { run: 'a' })).resolves.toEqual({ state: 'more', published: 2 });
    const { rounds } = await through(layer, 'publish', { run: 'a' });
    expect(rounds).toBe(2);
    expect(layer.published).toHaveLength(6);
  });

  it.each([0, 1])(
    'that dies after %d of its writes to the lake leaves its interval to be compared by the next run',
    async (writes) => {
      const layer = layerOf(1);
      await runTo(layer, 'views');
      const { put } = layer.lake;
      let left = writes;
      const spy = jest.spyOn(layer.lake, 'put').mockImplementation(async (...object) => {
        if (left-- === 0) throw new Error('the process died');
        return put.apply(layer.lake, object);
      });
      await expect(layer.invoke('publish', { run: 'a' })).rejects.toThrow('the process died');
      spy.mockRestore();
      layer.clock.now += HOUR / 2;
      await runAll(layer, 'b');
      expect(layer.published).toEqual(names(layer, 0));
      expect(layer.lake.keys('drift/')).toEqual([driftKey(layer.interval(0))]);
      expect(layer.plan.unreconciled).toEqual([]);
    },
  );
});

describe('reconcile', () => {
  it('goes on with what an earlier run published and did not reconcile', async () => {
    const layer = layerOf(1);
    await runTo(layer, 'publish');
    layer.clock.now += HOUR / 2;
    await expect(layer.invoke('seal', { run: 'b', interval: layer.name(0) })).resolves.toMatchObject({ due: 2 });
    await layer.invoke('reconcile', { run: 'b' });
    expect(layer.store.boundary).toMatchObject({ reconciledInterval: layer.interval(0) });
    expect(layer.plan.unreconciled).toEqual([]);
  });

  it('responds notYet while the speed layer is behind, within its budget, and holds the lease', async () => {
    const layer = layerOf(2);
    layer.stalled.set(1, 1);
    await runTo(layer, 'publish');
    const began = layer.clock.now;
    const response = await layer.invoke('reconcile', { run: 'a' });
    expect(response).toMatchObject({ state: 'notYet', reason: expect.stringContaining('partition 1 of') });
    expect(layer.clock.now - began).toBeLessThan(60_000);
    expect(layer.plan).toMatchObject({ run: 'a', unreconciled: names(layer, 1) });
    await expect(layer.invoke('reconcile', { run: 'a', notYet: 'fail' })).rejects.toThrow('the speed layer is behind');
    layer.stalled.delete(1);
    await expect(layer.invoke('reconcile', { run: 'a' })).resolves.toEqual({ state: 'done', reconciled: 1 });
    expect(layer.plan.run).toBeNull();
  });
});

describe('seal', () => {
  it('responds notYet where the archive is behind, with what can be processed meanwhile', async () => {
    const layer = layerOf(2);
    await layer.invoke('seal', { run: 'a' });
    layer.clock.now = layer.interval(3);
    layer.archiving = false;
    layer.append(1);
    layer.clock.now = layer.interval(4);
    const began = layer.clock.now;
    const response = await layer.invoke('seal', { run: 'b' });
    expect(response).toMatchObject({ state: 'notYet', due: 2, reason: expect.stringContaining('lacks offsets') });
    expect(layer.clock.now - began).toBeLessThanOrEqual(45_000);
    // Also where waiting is a failure: an outage of the archive must not keep what is sealed from being published.
    await expect(layer.invoke('seal', { run: 'b', notYet: 'fail' })).resolves.toMatchObject({
      state: 'notYet',
      due: 2,
    });
    layer.archiving = true;
    // Hour 2 holds nothing but the heartbeat records of the first run.
    await expect(layer.invoke('seal', { run: 'b' })).resolves.toEqual({ state: 'done', due: 3 });
  });

  it('ends within its budget where there is much to seal, and goes on with what is left', async () => {
    const layer = layerOf(10);
    const { putIfAbsent } = layer.lake;
    layer.lake.putIfAbsent = async (...write) => {
      layer.charge(8_000);
      return putIfAbsent.apply(layer.lake, write);
    };
    await expect(layer.invoke('seal', { run: 'a' })).resolves.toEqual({ state: 'more', due: 4 });
    await expect(through(layer, 'seal', { run: 'a' })).resolves.toMatchObject({ state: 'done', due: 10 });
    expect(layer.plan.intervals).toEqual(names(layer, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  });

  it('without an interval takes the newest one that is over', async () => {
    const layer = layerOf(3);
    layer.clock.now = layer.interval(2) + HOUR / 2;
    await expect(layer.invoke('seal', { run: 'a' })).resolves.toEqual({ state: 'done', due: 2 });
    expect(layer.plan.intervals).toEqual(names(layer, 0, 1));
  });
});

describe('a run that does not hold the lease', () => {
  it('has nothing to do in any step, and changes nothing', async () => {
    const layer = layerOf(2);
    await layer.invoke('seal', { run: 'a' });
    const writes = layer.lake.writes.length;
    const until = new Date(layer.plan.leaseUntil).toISOString();
    for (const [step, event] of [
      ['seal', {}],
      ['compact', { step: 'compact', partition: 0, of: 1 }],
      ['compact', { step: 'commit' }],
      ['publish', {}],
      ['reconcile', {}],
    ] as const) {
      const response = await layer.invoke(step, { ...event, run: 'b', notYet: 'fail' });
      expect(response).toEqual({ state: 'superseded', holder: 'a', until });
    }
    expect(layer.lake.writes).toHaveLength(writes);
  });

  it('was superseded while it published: the other run goes on behind it', async () => {
    const layer = layerOf(3);
    await runTo(layer, 'views');
    layer.clock.now += HOUR / 2;
    await layer.invoke('seal', { run: 'b' });
    await expect(layer.invoke('publish', { run: 'a' })).resolves.toMatchObject({ state: 'superseded', holder: 'b' });
    expect(layer.published).toEqual([]);
    await runAll(layer, 'b');
    expect(layer.published).toEqual(names(layer, 0, 1, 2));
    expect(layer.lake.json(planKey)).toMatchObject({ run: null });
  });
});
