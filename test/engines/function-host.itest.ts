import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FunctionPlan } from '../../tools/assembly/local-plan';
import { type FunctionHost, PAYLOAD_LIMIT, type Routing, startFunctionHost } from '../../tools/local/aws/function-host';
import { ROOT } from '../../tools/kit/root';
import { until } from '../support/until';

jest.setTimeout(60_000);

let directory: string;
let host: FunctionHost | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'function-host-'));
});

afterEach(async () => {
  await host?.stop();
  host = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** A function whose asset is one file of this code. */
function plan(code: string, overrides: Partial<FunctionPlan> = {}): FunctionPlan {
  const name = overrides.name ?? 'f';
  const folder = join(directory, `asset-${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), code);
  return {
    path: `stack/${name}`,
    logicalId: name,
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    directory: folder,
    environment: {},
    memoryMb: 256,
    timeoutSeconds: 5,
    layers: [],
    ...overrides,
  };
}

function start(
  plans: readonly FunctionPlan[],
  environment: Record<string, string> = {},
  routing: Routing = { instances: 1 },
): FunctionHost {
  host = startFunctionHost(plans, { logs: join(directory, 'logs'), environment, ...routing });
  return host;
}

const answer = async (functions: FunctionHost, event: unknown = {}, name = 'f') => {
  const invocation = await functions.invoke(name, JSON.stringify(event));
  if (invocation.error) throw new Error(`${invocation.error.errorType}: ${invocation.error.errorMessage}`);
  return JSON.parse(invocation.payload);
};

describe('a function', () => {
  test('gets the event and a context, and answers by name and by ARN', async () => {
    const f = plan(
      `exports.handler = async (event, context) => ({ event, name: context.functionName, left: context.getRemainingTimeInMillis() });`,
    );
    const functions = start([f]);
    const byName = await answer(functions, { a: [1, 'ü'] });
    expect(byName).toEqual({ event: { a: [1, 'ü'] }, name: 'f', left: expect.any(Number) });
    expect(byName.left).toBeGreaterThan(3_000);
    expect(byName.left).toBeLessThanOrEqual(5_000);
    expect((await answer(functions, 7, f.arn)).event).toBe(7);
  });

  test('answers null if it returns nothing', async () => {
    expect(await answer(start([plan('exports.handler = async () => {};')]))).toBeNull();
  });

  test('that is not there is an error naming those that are', async () => {
    const functions = start([plan('exports.handler = async () => 1;')]);
    await expect(functions.invoke('g', '{}')).rejects.toThrow("function not found: 'g'; there are f");
  });

  test("sees the template's environment, Lambda's and the endpoints, and nothing of this process", async () => {
    process.env.SECRET_OF_THE_RUN = 'x';
    const f = plan('exports.handler = async () => process.env;', { environment: { LAKE_BUCKET: 'lake' } });
    const environment = await answer(start([f], { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }));
    delete process.env.SECRET_OF_THE_RUN;
    expect(environment).toMatchObject({
      LAKE_BUCKET: 'lake',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      LAMBDA_TASK_ROOT: expect.stringMatching(/\/var\/task$/),
      TZ: ':UTC',
      TMPDIR: join(directory, 'logs', 'tmp', 'f', '1'),
    });
    const ours = ['SECRET_OF_THE_RUN', 'HOME', 'USER', 'PWD', 'NODE_ENV', 'JEST_WORKER_ID'];
    expect(ours.filter((name) => name in environment)).toEqual([]);
  });

  describe('finds modules as in Lambda', () => {
    const TRY = `exports.handler = async (name) => {
      const code = async (how) => { try { await how(); return 'found'; } catch (error) { return error.code; } };
      return [await code(() => require(name)), await code(() => import(name))];
    };`;
    const FOUND = ['found', 'found'];
    const REQUIRED = ['found', 'ERR_MODULE_NOT_FOUND'];
    const MISSING = ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'];
    // Inside the project's folder, as cdk.out is: Node would find the project's modules from there.
    const asset = join(ROOT, '.local', `test-asset-${process.pid}`);
    let functions: FunctionHost;

    beforeEach(() => {
      const layer = join(directory, 'layer');
      const modules = {
        greeting: `module.exports = 'hello';`,
        // The project has this one, too: the layer's is the one that is deployed.
        'cassandra-driver': `module.exports = 'of the layer';`,
        // A layer finds no more than the function.
        needy: `require('kafkajs');`,
      };
      for (const [name, text] of Object.entries(modules)) {
        mkdirSync(join(layer, 'nodejs', 'node_modules', name), { recursive: true });
        writeFileSync(join(layer, 'nodejs', 'node_modules', name, 'index.js'), text);
      }
      mkdirSync(asset, { recursive: true });
      writeFileSync(join(asset, 'index.js'), TRY);
      const value = plan('exports.handler = async (name) => require(name);', { name: 'value', layers: [layer] });
      functions = start([plan('', { directory: asset, layers: [layer] }), value]);
    });

    afterEach(() => rmSync(asset, { recursive: true, force: true }));

    test.each(['node:zlib', 'zlib'])('%s is built in', async (name) => {
      expect(await answer(functions, name)).toEqual(FOUND);
    });

    test('those of its layers, by require', async () => {
      expect(await answer(functions, 'greeting')).toEqual(REQUIRED);
      expect(await answer(functions, 'greeting', 'value')).toBe('hello');
      expect(await answer(functions, 'cassandra-driver', 'value')).toBe('of the layer');
    });

    test("the SDK's clients, by require, with all that they need", async () => {
      expect(await answer(functions, '@aws-sdk/client-s3')).toEqual(REQUIRED);
    });

    test.each(['@smithy/signature-v4', '@smithy/core', '@aws-sdk/core', '@aws-sdk/types', 'kafkajs', 'tslib'])(
      'but not %s, which only the project and the clients find',
      async (name) => expect(await answer(functions, name)).toEqual(MISSING),
    );

    test('nor does a layer find those of the project', async () => {
      expect(await answer(functions, 'needy')).toEqual(MISSING);
    });
  });
});

describe('the instances of a function', () => {
  const INSTANCE = `exports.handler = async () => process.env.AWS_LAMBDA_LOG_STREAM_NAME;`;
  const routes = async (seed: number): Promise<string[]> => {
    const functions = start([plan(INSTANCE)], {}, { instances: 3, seed });
    const taken: string[] = [];
    for (let i = 0; i < 20; i++) taken.push(await answer(functions));
    await functions.stop();
    return taken;
  };

  test('take turns at random, by the seed', async () => {
    const first = await routes(1);
    expect([...new Set(first)].sort()).toEqual(['1', '2', '3']);
    expect(await routes(1)).toEqual(first);
    expect(await routes(2)).not.toEqual(first);
  });

  test('start when an invocation needs them, not before', async () => {
    const functions = start([plan(INSTANCE)], {}, { instances: 3 });
    expect(functions.pids()).toEqual({});
    await answer(functions);
    expect(functions.pids().f).toHaveLength(1);
  });

  test('handle one invocation at a time: while all are busy, more start', async () => {
    // Each invocation waits until all four have begun.
    const code = `const { readdirSync, writeFileSync } = require('node:fs');
      exports.handler = async (folder) => {
        writeFileSync(folder + '/' + process.pid, '');
        while (readdirSync(folder).length < 4) await new Promise((r) => setTimeout(r, 20));
        return process.pid;
      };`;
    const functions = start([plan(code, { timeoutSeconds: 50 })], {}, { instances: 2 });
    const begun = join(directory, 'begun');
    mkdirSync(begun);
    const pids = await Promise.all([1, 2, 3, 4].map(() => answer(functions, begun)));
    expect(new Set(pids)).toEqual(new Set(functions.pids().f));
    expect(functions.pids().f).toHaveLength(4);
    expect(functions.memory().f).toBeGreaterThan(10);
  });

  test('take what waits when they are free, so that short invocations start few', async () => {
    const functions = start([plan(INSTANCE)]);
    await Promise.all(Array.from({ length: 200 }, () => answer(functions)));
    expect(functions.pids().f.length).toBeLessThan(20);
  });

  test('are never more than the function reserves', async () => {
    const functions = start([plan(INSTANCE, { reservedConcurrency: 1 })], {}, { instances: 3 });
    for (let i = 0; i < 10; i++) expect(await answer(functions)).toBe('1');
    expect(functions.pids().f).toHaveLength(1);
  });

  test('have a /tmp of their own, which ends with them', async () => {
    const code = `const { writeFileSync, readdirSync } = require('node:fs');
      exports.handler = async () => { writeFileSync(process.env.TMPDIR + '/' + process.pid, ''); return [process.pid, readdirSync(process.env.TMPDIR), process.env.TMPDIR]; };`;
    const functions = start([plan(code)], {}, { instances: 2 });
    const folders = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const [pid, files, folder] = await answer(functions);
      expect(files).toEqual([String(pid)]);
      folders.add(folder);
    }
    expect(folders.size).toBe(2);
    await functions.stop();
    expect([...folders].filter((folder) => existsSync(folder))).toEqual([]);
  });

  test('that load no handler fail one invocation each, and leave none without an answer', async () => {
    const functions = start([plan(`throw new Error('no config');`)], {}, { instances: 2 });
    const invocations = await Promise.all([1, 2, 3].map(() => functions.invoke('f', '{}')));
    expect(invocations.map(({ error }) => error?.errorMessage)).toEqual(['no config', 'no config', 'no config']);
  });
});

describe('a function that reserves concurrency', () => {
  const code = `exports.handler = async (event) => { if (event === 'fail') throw new Error('no'); await new Promise((r) => setTimeout(r, event)); return 'ran'; };`;
  const counted = (functions: FunctionHost) =>
    Object.fromEntries(
      ['Invocations', 'Errors', 'Throttles'].map((name) => {
        const metric = { namespace: 'AWS/Lambda', name, dimensions: { FunctionName: 'f' } };
        return [name, functions.counters.points.values(metric, 0, Date.now() + 1)];
      }),
    );

  test('throttles what comes beyond it, and counts that neither as invocation nor as error', async () => {
    const functions = start([plan(code, { reservedConcurrency: 2 })]);
    const running = [functions.invoke('f', '300'), functions.invoke('f', '300')];
    expect(await functions.invoke('f', '0')).toEqual({
      error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.', trace: [] },
      timedOut: false,
      throttled: true,
    });
    expect(counted(functions)).toEqual({ Invocations: [], Errors: [], Throttles: [1] });
    expect(await Promise.all(running)).toEqual([{ payload: '"ran"' }, { payload: '"ran"' }]);
    expect(counted(functions)).toEqual({ Invocations: [1, 1], Errors: [0, 0], Throttles: [1, 0, 0] });
  });

  test('has room again after each invocation, however it ended', async () => {
    const functions = start([plan(code, { reservedConcurrency: 1, timeoutSeconds: 1 })]);
    expect(await functions.invoke('f', '"fail"')).toMatchObject({ error: { errorMessage: 'no' } });
    expect(await functions.invoke('f', '5000')).toMatchObject({ timedOut: true });
    expect(await answer(functions, 0)).toBe('ran');
    expect(counted(functions)).toEqual({ Invocations: [1, 1, 1], Errors: [1, 1, 0], Throttles: [0, 0, 0] });
  });

  test('of 0 never runs', async () => {
    const functions = start([plan(code, { reservedConcurrency: 0 })]);
    expect(await functions.invoke('f', '0')).toMatchObject({ throttled: true });
    expect(functions.pids()).toEqual({});
  });
});

describe('a failure', () => {
  test("has Lambda's shape", async () => {
    const functions = start([plan(`exports.handler = async () => { throw new RangeError('too far'); };`)]);
    expect(await functions.invoke('f', '{}')).toEqual({
      error: {
        errorType: 'RangeError',
        errorMessage: 'too far',
        trace: expect.arrayContaining(['RangeError: too far']),
      },
      timedOut: false,
    });
  });

  test('to load is an error of the invocation, and is tried again', async () => {
    const marker = join(directory, 'healthy');
    const functions = start([
      plan(
        `if (!require('node:fs').existsSync(${JSON.stringify(marker)})) throw new Error('no config'); exports.handler = async () => 1;`,
      ),
    ]);
    expect(await functions.invoke('f', '{}')).toMatchObject({
      error: { errorType: 'Error', errorMessage: 'no config' },
    });
    writeFileSync(marker, '');
    await sleep(200);
    expect(await answer(functions)).toBe(1);
  });

  test('by timeout ends the process, and the next invocation gets a new one', async () => {
    const code = `exports.handler = async (event) => (event === 'hang' ? new Promise(() => setInterval(() => {}, 1000)) : process.pid);`;
    const functions = start([plan(code, { timeoutSeconds: 1 })]);
    const first = await answer(functions, 'pid');
    expect(await functions.invoke('f', '"hang"')).toMatchObject({
      error: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 1.00 seconds' },
      timedOut: true,
    });
    expect(await answer(functions, 'pid')).not.toBe(first);
    expect(existsSync(`/proc/${first}`)).toBe(false);
  });

  test('by a busy loop is ended, too', async () => {
    const functions = start([plan('exports.handler = async () => { for (;;); };', { timeoutSeconds: 1 })]);
    expect(await functions.invoke('f', '{}')).toMatchObject({ timedOut: true });
  });

  test('by kill -9 fails what is in flight, and the next invocation gets a new process', async () => {
    const code = `exports.handler = async (event) => { if (event === 'wait') await new Promise((r) => setTimeout(r, 3000)); return process.pid; };`;
    const functions = start([plan(code)]);
    const first = await answer(functions, 'pid');
    const waiting = functions.invoke('f', '"wait"');
    expect(functions.kill9('f')).toBe(true);
    expect(await waiting).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
    expect(await answer(functions, 'pid')).not.toBe(first);
  });

  test('by an instance that is given up: another gets what comes next, and once it is thawed it goes on', async () => {
    const late = join(directory, 'late');
    const code = `exports.handler = async (event) => {
      if (event !== 'wait') return process.pid;
      await new Promise((r) => setTimeout(r, 300));
      require('node:fs').writeFileSync(${JSON.stringify(late)}, String(process.pid));
    };`;
    const functions = start([plan(code)]);
    const first = await answer(functions, 'pid');
    expect(functions.abandon('f')).toBeUndefined();
    const waiting = functions.invoke('f', '"wait"');
    const thaw = functions.abandon('f')!;
    expect(await waiting).toMatchObject({ error: { errorType: 'ServiceException' } });
    expect(await answer(functions, 'pid')).not.toBe(first);
    expect(existsSync(late)).toBe(false);
    thaw();
    await until('it has written', () => existsSync(late) && readFileSync(late, 'utf8') !== '');
    expect(readFileSync(late, 'utf8')).toBe(String(first));
  });

  test('by exit is an error that names the status', async () => {
    const functions = start([plan('exports.handler = async () => process.exit(3);')]);
    expect(await functions.invoke('f', '{}')).toMatchObject({
      error: { errorType: 'Runtime.ExitError', errorMessage: 'the process ended (exit status 3) without an answer' },
    });
  });

  test('is a request over 6 MB, which no instance sees', async () => {
    const functions = start([plan('exports.handler = async (event) => event.length;')]);
    const quotes = 2;
    expect(await answer(functions, 'x'.repeat(PAYLOAD_LIMIT - quotes))).toBe(PAYLOAD_LIMIT - quotes);
    const over = JSON.stringify('x'.repeat(PAYLOAD_LIMIT - quotes + 1));
    await functions.stop();
    const unused = start([plan('exports.handler = async () => 1;')]);
    expect(await unused.invoke('f', over)).toMatchObject({
      error: {
        errorType: 'RequestTooLargeException',
        errorMessage: '6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)',
      },
    });
    expect(unused.pids()).toEqual({});
  });

  test('is an answer over 6 MB', async () => {
    const functions = start([plan(`exports.handler = async () => 'x'.repeat(6 * 1024 * 1024);`)]);
    expect(await functions.invoke('f', '{}')).toMatchObject({ error: { errorType: 'Function.ResponseSizeTooLarge' } });
  });
});

test('output goes to a log of its own, reports in embedded metric format to the counters', async () => {
  const code = `exports.handler = async (n) => {
    console.log('plain line');
    console.error('to stderr');
    const Metrics = [{ Name: 'received', Unit: 'Count' }, { Name: 'duration', Unit: 'Milliseconds' }];
    console.log(JSON.stringify({ _aws: { Timestamp: 1, CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['step']], Metrics }] }, step: 'archive', received: n, duration: n * 10 }));
  };`;
  const functions = start([plan(code)]);
  for (const n of [2, 3, 1]) await answer(functions, n);
  await sleep(100);
  expect(functions.counters.counters()).toEqual({ archive: { received: 6, duration: 30 } });
  expect(functions.counters.durations('archive', 'duration')).toEqual({
    count: 3,
    last: 10,
    max: 30,
    p50: 20,
    p99: 30,
  });
  await functions.stop();
  const log = readFileSync(join(directory, 'logs', 'f.log'), 'utf8');
  expect(log.match(/plain line/g)).toHaveLength(3);
  expect(log).toContain('to stderr');
  expect(log).not.toContain('_aws');
});

test('stopping leaves no process and no file behind', async () => {
  const functions = start([plan('exports.handler = async () => [process.pid, __dirname];')]);
  const [pid, task] = await answer(functions);
  expect(existsSync(task)).toBe(true);
  await functions.stop();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(existsSync(join(task, '..', '..'))).toBe(false);
  expect(await functions.invoke('f', '{}')).toMatchObject({ error: { errorType: 'ServiceException' } });
});
