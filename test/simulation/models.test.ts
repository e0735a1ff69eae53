/** The contract of the models: each keeps what its service promises, and takes every freedom that the service has. */
import { NotFoundError, PreconditionFailedError } from '../../lambda/aws/s3';
import { EventSource } from '../../tools/simulate/models/event-source';
import { MemoryDisk } from '../../tools/simulate/models/disk';
import { Topic } from '../../tools/simulate/models/kafka';
import { Keyspaces, parseStatement } from '../../tools/simulate/models/keyspaces';
import { LambdaFunction } from '../../tools/simulate/models/lambda';
import { Orchestrator } from '../../tools/simulate/models/orchestrator';
import { Bucket } from '../../tools/simulate/models/s3';
import { Network, Process, type Fate, type Service } from '../../tools/simulate/process';
import { World } from '../../tools/simulate/world';

const START = Date.parse('2026-11-29T20:00:00Z');
const HOUR = 3_600_000;

function setUp(seed = '1') {
  const world = new World({ seed, start: START });
  const network = new Network(world);
  const weather = (service: Service, fate: Exclude<Fate, 'ok'>, rate = 1) =>
    void network.weather.push({ service, fate, rate, at: 0, until: Infinity });
  /** Lets time pass until it is done. @param work a function, if it uses timers: they must be the world's */
  async function until<T>(work: Promise<T> | (() => Promise<T>)): Promise<PromiseSettledResult<T>> {
    let result: PromiseSettledResult<T> | undefined;
    world.after(0, '', () =>
      (typeof work === 'function' ? work() : work).then(
        (value) => (result = { status: 'fulfilled', value }),
        (reason: unknown) => (result = { status: 'rejected', reason }),
      ),
    );
    for (let minutes = 0; !result && minutes < 600; minutes++) await world.runUntil(world.now + 60_000);
    if (!result) throw new Error('it does not end');
    return result;
  }
  const valueOf = async <T>(work: Promise<T> | (() => Promise<T>)) => {
    const result = await until(work);
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };
  return { world, network, weather, until, valueOf, process: new Process(network, 'p') };
}

describe('a call', () => {
  const count = (setting: ReturnType<typeof setUp>, times = 200) => {
    let carriedOut = 0;
    const calls = Array.from({ length: times }, () =>
      setting.process.call({ service: 's3', what: 'x', effect: () => ++carriedOut, failure: () => new Error('no') }),
    );
    return { calls, carriedOut: () => carriedOut };
  };

  test('can fail before it has an effect, or after', async () => {
    for (const [fate, effects] of [
      ['error', 0],
      ['lost', 1],
    ] as const) {
      const setting = setUp();
      setting.weather('s3', fate);
      const { calls, carriedOut } = count(setting, 1);
      expect((await setting.until(calls[0])).status).toBe('rejected');
      expect(carriedOut()).toBe(effects);
    }
  });

  test('can be answered late, and out of order', async () => {
    const setting = setUp();
    setting.weather('s3', 'slow', 0.3);
    const { calls } = count(setting);
    const order: number[] = [];
    calls.forEach((call, i) => void call.then(() => order.push(i)));
    await setting.valueOf(Promise.all(calls));
    expect(order).not.toEqual(calls.map((_, i) => i));
    expect(setting.world.now - START).toBeGreaterThan(1_000);
  });

  test('is tried again by the client itself, and meets its own effect', async () => {
    const setting = setUp();
    setting.weather('s3', 'lost', 0.5);
    const lake = new Bucket().port(setting.process, new MemoryDisk());
    const results = await setting.valueOf(
      Promise.allSettled(Array.from({ length: 50 }, (_, i) => lake.putIfAbsent(`key-${i}`, ''))),
    );
    const rejected = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(rejected.some((each) => each instanceof PreconditionFailedError)).toBe(true);
  });

  test('of a process that is killed has no answer, and may be carried out', async () => {
    let [carriedOut, answered] = [0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const { world, process } = setUp(String(seed));
      process.disturbance = { calls: 0 };
      const call = { service: 's3', what: 'x', effect: () => carriedOut++, failure: () => new Error('no') } as const;
      void process.call(call).then(() => answered++);
      void process.call(call).then(() => answered++);
      await world.runUntil(START + HOUR);
      expect(process.alive).toBe(false);
    }
    expect(answered).toBe(0);
    expect(carriedOut).toBeGreaterThan(3);
    expect(carriedOut).toBeLessThan(17);
  });

  test('that a frozen process left behind may be sent when it goes on', async () => {
    const setting = setUp();
    const { calls, carriedOut } = count(setting);
    setting.process.freeze();
    await setting.world.runUntil(START + HOUR);
    const before = carriedOut();
    expect(before).toBeGreaterThan(50);
    expect(before).toBeLessThan(150);
    setting.process.thaw();
    await setting.valueOf(Promise.all(calls));
    expect(carriedOut()).toBe(200);
  });

  test('can fail for one function only', async () => {
    const setting = setUp();
    setting.network.weather.push({ service: 's3', fate: 'error', rate: 1, at: 0, until: Infinity, target: 'other' });
    expect((await setting.until(count(setting, 1).calls[0])).status).toBe('fulfilled');
    const other = { ...setting, process: new Process(setting.network, 'other#1', () => undefined, 'other') };
    expect((await setting.until(count(other, 1).calls[0])).status).toBe('rejected');
  });
});

describe('S3', () => {
  test('keeps the promises of the port, and lists in pages', async () => {
    const { process, valueOf, until } = setUp();
    const lake = new Bucket().port(process, new MemoryDisk());
    for (let i = 20; i > 0; i--) await valueOf(lake.put(`a/${String(i).padStart(2, '0')}`, String(i)));
    const keys: string[] = [];
    const list = async () => {
      for await (const { key } of lake.list({ prefix: 'a/', startAfter: 'a/03' })) keys.push(key);
    };
    await valueOf(list());
    expect(keys).toEqual(Array.from({ length: 17 }, (_, i) => `a/${String(i + 4).padStart(2, '0')}`));
    const rejected = async (work: Promise<unknown>) => ((await until(work)) as PromiseRejectedResult).reason as unknown;
    expect(await rejected(lake.get('b'))).toBeInstanceOf(NotFoundError);
    expect(await rejected(lake.putIfAbsent('a/01', 'x'))).toBeInstanceOf(PreconditionFailedError);
    const { etag } = await valueOf(lake.getVersion('a/01'));
    await valueOf(lake.putIfMatch('a/01', 'new', etag));
    expect(await rejected(lake.putIfMatch('a/01', 'newer', etag))).toBeInstanceOf(PreconditionFailedError);
    expect((await valueOf(lake.get('a/01'))).toString()).toBe('new');
  });
});

describe('Keyspaces', () => {
  const schema = () => ({
    t: {
      partitionKey: ['a'],
      clusteringKey: ['b'],
      types: { a: 'text', b: 'int', at: 'timestamp', v: 'blob' },
      ttl: 3_600,
    },
  });
  const session = (setting: ReturnType<typeof setUp>) => {
    const keyspaces = new Keyspaces(setting.world, schema());
    const { execute } = keyspaces.session(setting.process);
    return (text: string, ...values: Parameters<typeof execute>[1]) => setting.valueOf(execute(text, values));
  };
  const INSERT = 'INSERT INTO "k"."t" (a, b, at, v) VALUES (?, ?, ?, ?)';

  test('writes by condition, and reads what was written', async () => {
    const run = session(setUp());
    const at = new Date(START);
    expect(await run(`${INSERT} IF NOT EXISTS`, 'x', 1, at, Buffer.from('one'))).toMatchObject({ applied: true });
    expect(await run(`${INSERT} IF NOT EXISTS`, 'x', 1, at, Buffer.from('two'))).toMatchObject({ applied: false });
    const update = 'UPDATE "k"."t" SET v = ? WHERE a = ? AND b = ? IF at = ?';
    expect(await run(update, Buffer.from('no'), 'x', 1, new Date(0))).toMatchObject({ applied: false });
    expect(await run(update, Buffer.from('yes'), 'x', 1, at)).toMatchObject({ applied: true });
    expect(await run(update, Buffer.from('no'), 'x', 2, at)).toMatchObject({ applied: false });
    const { rows } = await run('SELECT b, at, v FROM "k"."t" WHERE a = ?', 'x');
    expect(rows).toEqual([{ b: 1, at, v: Buffer.from('yes') }]);
    await run('DELETE FROM "k"."t" WHERE a = ?', 'x');
    expect((await run('SELECT b FROM "k"."t" WHERE a = ?', 'x')).rows).toEqual([]);
  });

  test('forgets rows after their time to live, sorts them, and has limits', async () => {
    const setting = setUp();
    const run = session(setting);
    for (const b of [12, 3, 7, 1, 9, 20, 2]) await run(INSERT, 'x', b, new Date(START), null);
    const read = async (more = '') =>
      (await run(`SELECT b FROM "k"."t" WHERE a = ?${more}`, 'x')).rows.map(({ b }) => b);
    expect(await read()).toEqual([1, 2, 3, 7, 9, 12, 20]);
    expect(await read(' ORDER BY b DESC LIMIT 2')).toEqual([20, 12]);
    expect((await run('SELECT b FROM "k"."t" WHERE a = ? AND b > ? AND b <= ?', 'x', 3, 12)).rows).toHaveLength(3);
    await setting.world.runUntil(START + HOUR + 60_000 * 60);
    expect(await read()).toEqual([]);
    await expect(run(INSERT, 'x', 1, new Date(START), Buffer.alloc(1024 * 1024))).rejects.toThrow('a row of t has');
  });

  test('reads pages of different instants', async () => {
    const setting = setUp();
    const { execute } = new Keyspaces(setting.world, schema()).session(setting.process);
    const write = (b: number, at: number) => execute(INSERT, ['x', b, new Date(START + at), null]);
    const torn = new Set<number>();
    for (let i = 0; i < 20; i++) {
      await setting.valueOf(Promise.all(Array.from({ length: 12 }, (_, b) => write(b, 0))));
      const reading = execute('SELECT at FROM "k"."t" WHERE a = ?', ['x']);
      const [{ rows }] = await setting.valueOf(Promise.all([reading, write(0, 1), write(11, 1)]));
      torn.add(Number(rows[11].at) - Number(rows[0].at));
    }
    expect(torn.size).toBeGreaterThan(1);
  });

  test('goes on behind a row that is gone when the next page is read', async () => {
    const setting = setUp();
    const keyspaces = new Keyspaces(setting.world, schema());
    const { execute } = keyspaces.session(setting.process);
    const all = Array.from({ length: 12 }, (_, b) => b);
    for (const order of Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? '' : ' ORDER BY b DESC'))) {
      await setting.valueOf(Promise.all(all.map((b) => execute(INSERT, ['x', b, new Date(START), null]))));
      const reading = execute(`SELECT b FROM "k"."t" WHERE a = ?${order}`, ['x']);
      // The last ones of the first page.
      const gone = [4, 7].map((b) => execute('DELETE FROM "k"."t" WHERE a = ? AND b = ?', ['x', b]));
      const [{ rows }] = await setting.valueOf(Promise.all([reading, ...gone]));
      const keys = rows.map(({ b }) => b);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.length).toBeGreaterThanOrEqual(10);
    }
  });

  test('does not run what it does not know', () => {
    expect(() => parseStatement('SELECT a FROM t WHERE a CONTAINS ?')).toThrow('does not know');
    expect(() => parseStatement('SELECT a FROM t WHERE a IN ?')).toThrow('does not know');
    expect(() => parseStatement('TRUNCATE t')).toThrow('does not know');
  });
});

describe('Kafka', () => {
  test('appends with the clock of the leader, and finds offsets by time', async () => {
    const { world, process, valueOf } = setUp();
    const topic = new Topic(world, 'posts', 1);
    const port = topic.port(process);
    const append = async (ahead: number) => {
      topic.clocks[0] = ahead;
      const [result] = await valueOf(() => port.send([{ key: 'k', value: 'v' }]));
      return result.ok ? result.logAppendTime : 0;
    };
    const times = [await append(0), await append(5 * HOUR), await append(0)];
    expect(times[1]).toBeGreaterThan(times[2]);
    expect(await valueOf(port.offsetsAt('posts', times[1]))).toEqual([{ partition: 0, offset: 1, found: true }]);
    expect(await valueOf(port.offsetsAt('posts', times[1] + 1))).toEqual([{ partition: 0, offset: 3, found: false }]);
    topic.deleteBefore(times[0] + 1);
    expect(await valueOf(port.endOffsets('posts'))).toEqual([{ partition: 0, low: 1, high: 3 }]);
  });

  test('loses the answer of a producer, whose client sends again: the record is there twice', async () => {
    const { world, weather, process, valueOf, network } = setUp();
    const topic = new Topic(world, 'posts', 1);
    const port = topic.port(process);
    weather('kafka', 'lost', 0.5);
    let ok = false;
    for (let i = 0; i < 40 || !ok; i++) ok = (await valueOf(() => port.send([{ key: 'k', value: String(i) }])))[0].ok;
    network.weather.length = 0;
    const acknowledged = (await valueOf(() => port.send([{ key: 'k', value: 'last' }])))[0];
    expect(acknowledged).toMatchObject({ ok: true, offset: topic.partitions[0].records.length - 1 });
    expect(topic.partitions[0].records.length).toBeGreaterThan(10);
  });

  test('takes what has the sequence number of a stored batch for that batch', () => {
    const topic = new Topic(setUp().world, 'posts', 1);
    const session = topic.session();
    const first = session.append(0, 0, [{ key: 'a', value: '1' }]);
    expect(session.append(0, 0, [{ key: 'b', value: '2' }])).toEqual(first);
    expect(() =>
      session.append(
        0,
        0,
        [1, 2].map((value) => ({ key: 'b', value: String(value) })),
      ),
    ).toThrow('OUT_OF_ORDER');
    expect(session.append(0, 1, [{ key: 'b', value: '2' }])).toMatchObject({ baseOffset: 1 });
    expect(topic.session().append(0, 0, [{ key: 'c', value: '3' }])).toMatchObject({ baseOffset: 2 });
  });

  test('has clocks that stand still for a while', async () => {
    const { world } = setUp();
    const topic = new Topic(world, 'posts', 1);
    topic.grains[0] = 10_000;
    const times = new Set<number>();
    for (let i = 0; i < 20; i++) {
      times.add(topic.append(0, [{ key: 'k', value: 'v' }]).logAppendTime);
      await world.runUntil(world.now + 1_000);
    }
    expect([...times]).toEqual([START, START + 10_000]);
  });
});

describe('Lambda', () => {
  const make = (
    setting: ReturnType<typeof setUp>,
    handler: (process: Process) => Promise<unknown>,
    timeoutMs = 10_000,
  ) => {
    const used: string[] = [];
    const fn = new LambdaFunction(setting.network, {
      ...{ name: 'f', instances: 3, timeoutMs },
      make: (process) => () => {
        used.push(process.name);
        return handler(process);
      },
    });
    return { fn, used };
  };

  test('gives an event to any warm instance', async () => {
    const setting = setUp();
    const { fn, used } = make(setting, (process) => process.sleep(5));
    for (let i = 0; i < 60; i++) await setting.valueOf(fn.invoke({}));
    expect(new Set(used).size).toBeGreaterThan(2);
  });

  test('ends what takes too long, and takes no event beyond its instances', async () => {
    const setting = setUp();
    const { fn } = make(setting, (process) => process.sleep(HOUR));
    const results = await setting.valueOf(Promise.allSettled(Array.from({ length: 5 }, () => fn.invoke({}))));
    const reasons = results.map((each) => String((each as PromiseRejectedResult).reason));
    expect(reasons.filter((each) => each.includes('was killed'))).toHaveLength(3);
    expect(reasons.filter((each) => each.includes('TooManyRequests'))).toHaveLength(2);
  });

  test('ends some idle instances, and others live for as long as they like', async () => {
    const setting = setUp();
    const { fn, used } = make(setting, (process) => process.sleep(5));
    for (let i = 0; i < 200; i++) {
      await setting.valueOf(fn.invoke({}));
      await setting.world.runUntil(setting.world.now + 2 * HOUR);
    }
    const instances = [...new Set(used)];
    const days = Math.max(...instances.map((each) => used.lastIndexOf(each) - used.indexOf(each))) / 12;
    expect(instances.length).toBeGreaterThan(3);
    expect(days).toBeGreaterThan(1);
  });

  test('disturbs the next call of a kind, whichever instance makes it', async () => {
    const setting = setUp();
    const calls: string[] = [];
    const { fn } = make(setting, async (process) => {
      for (const what of ['Get a/1', 'Get a/2', 'Put b/3']) {
        await process.call({ service: 's3', what, effect: () => calls.push(what), failure: () => new Error('no') });
      }
    });
    await setting.valueOf(fn.invoke({}));
    fn.disturb({ calls: 1 }, 0.1);
    await expect(setting.valueOf(fn.invoke({}))).rejects.toThrow('was killed');
    expect(calls.slice(3, 4)).toEqual(['Get a/1']);
    fn.disturb({ calls: 0 }, 0.9);
    calls.length = 0;
    await expect(setting.valueOf(fn.invoke({}))).rejects.toThrow('was killed');
    expect(calls.slice(0, 2)).toEqual(['Get a/1', 'Get a/2']);
  });

  test('limits payloads', async () => {
    const setting = setUp();
    const { fn } = make(setting, async () => 'x'.repeat(7_000_000));
    await expect(setting.valueOf(fn.invoke({}))).rejects.toThrow('the response of f has');
    await expect(setting.valueOf(fn.invoke('x'.repeat(7_000_000)))).rejects.toThrow('the event of f has');
  });
});

describe('the event source', () => {
  test('delivers every record at least once, in order, with any borders, one batch in flight a partition', async () => {
    const setting = setUp();
    const { world, network } = setting;
    const topic = new Topic(world, 'posts', 2);
    const seen: number[][] = [[], []];
    const borders = new Set<string>();
    let inFlight = 0;
    const target = new LambdaFunction(network, {
      ...{ name: 'f', instances: 5, timeoutMs: 60_000 },
      make: (process) => async (event: { records: Record<string, { partition: number; offset: number }[]> }) => {
        inFlight++;
        await process.sleep(1_000);
        inFlight--;
        expect(inFlight).toBeLessThan(2);
        for (const records of Object.values(event.records)) {
          borders.add(`${records[0].partition} ${records[0].offset} ${records.length}`);
          for (const { partition, offset } of records) seen[partition].push(offset);
        }
        if (world.random.chance(0.3)) throw new Error('no');
      },
    });
    const source = new EventSource(world, { name: 's', topic, target, windowMs: 5_000, batch: 5 });
    topic.onAppend = () => source.wake();
    for (let i = 0; i < 60; i++) topic.append(i % 2, [{ key: 'k', value: 'v' }]);
    await world.runUntil(START + 2 * HOUR);
    source.rebalance(0, 10, HOUR);
    await world.runUntil(START + 3 * HOUR - 1);
    const before = seen[0].length;
    await world.runUntil(START + 4 * HOUR);
    expect(seen[0].length).toBeGreaterThan(before);
    for (const offsets of seen) {
      expect([...new Set(offsets)].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
      expect(offsets.length).toBeGreaterThan(30);
      for (let i = 1; i < offsets.length; i++)
        expect(offsets[i]).toBeLessThanOrEqual(Math.max(...offsets.slice(0, i)) + 1);
    }
    expect(borders.size).toBeGreaterThan(12);
    expect(source.committed(0)).toBe(30);
  });
});

describe('the orchestrator', () => {
  const setUpRuns = (invoke: (run: string) => Promise<unknown>) => {
    const { world } = setUp();
    const orchestrator = new Orchestrator(world, {
      ...{ intervalMinutes: 60, clientMs: 60_000, views: () => Promise.resolve() },
      tasks: () => [{ id: 'seal', after: [], function: 'seal', payload: {}, patienceSeconds: 0, first: true }],
      invoke: (_, event) => invoke((event as { run: string }).run),
    });
    return { world, orchestrator };
  };

  test('invokes again what does not answer in time', async () => {
    const runs: string[] = [];
    const { world, orchestrator } = setUpRuns((run) =>
      runs.push(run) === 1 ? new Promise(() => undefined) : Promise.resolve({ state: 'done' }),
    );
    orchestrator.trigger({});
    await world.runUntil(START + HOUR);
    expect(runs).toEqual(['manual__0', 'manual__0']);
  });

  test('dies with its runs, and begins others', async () => {
    const runs: string[] = [];
    const { world, orchestrator } = setUpRuns(async (run) => {
      runs.push(run);
      await world.sleep(10 * 60_000);
      return { state: 'notYet', reason: 'no' };
    });
    orchestrator.start();
    await world.runUntil(START + HOUR + 30_000);
    orchestrator.die();
    await world.runUntil(START + 2 * HOUR + 30_000);
    expect(runs).toEqual(['scheduled__2026-11-29T20-00', 'scheduled__2026-11-29T21-00']);
  });
});

test('chance is spread evenly, and each stream is its own', () => {
  const { random } = new World({ seed: 'x', start: 0 });
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 10_000; i++) counts[random.integer(0, 9)]++;
  expect(Math.min(...counts)).toBeGreaterThan(900);
  expect(random.stream('a').next()).not.toBe(random.stream('b').next());
  expect(random.stream('a').next()).toBe(random.stream('a').next());
});
