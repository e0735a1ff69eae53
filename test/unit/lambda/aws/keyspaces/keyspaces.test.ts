import { errors } from 'cassandra-driver';
import { classify, connect, retrier, StoreUnavailableError } from '../../../../../lambda/aws/keyspaces/keyspaces';

const responseError = (code: number) => new errors.ResponseError(code, 'from the server');

describe('an error of the store', () => {
  it.each([
    ['no host responds', new errors.NoHostAvailableError({})],
    ['it takes too long', new errors.OperationTimedOutError('timed out')],
    ['all connections are busy', new errors.BusyConnectionError('127.0.0.1', 2048, 3)],
    ['a connection closes', Reflect.construct(errors.DriverError, ['Connection was closed by the server']) as Error],
    ['the login fails', new errors.AuthenticationError('bad signature')],
    ['replicas are missing', responseError(0x1000)],
    ['it is overloaded', responseError(0x1001)],
    ['a write times out', responseError(0x1100)],
    ['the name is unknown', Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })],
  ])('is an outage if %s', (_, error) => {
    const classified = classify(error);
    expect(classified).toBeInstanceOf(StoreUnavailableError);
    expect((classified as Error).message).toContain(error.message);
    expect((classified as Error).cause).toBe(error);
  });

  it.each([
    ['the statement is wrong', responseError(0x2000)],
    ['a guardrail rejects', responseError(0x2200)],
    ['permissions are missing', responseError(0x2100)],
    ['an argument is wrong', Object.assign(new TypeError('not a buffer'), { code: 'ERR_INVALID_ARG_TYPE' })],
    ['a value does not fit', new errors.ArgumentError('expected a Date')],
    ['the code is wrong', new Error('oops')],
  ])('is not an outage if %s', (_, error) => {
    expect(classify(error)).toBe(error);
  });
});

describe('a statement', () => {
  /** A store that responds after a number of errors, and a clock that only waiting moves. */
  function world(random = () => 1) {
    let now = 0;
    const waits: number[] = [];
    let throttles = 0;
    const sleep = async (ms: number) => {
      waits.push(ms);
      await Promise.resolve();
      now += ms;
    };
    const retried = retrier({ now: () => now, sleep, random, throttled: () => throttles++ });
    const failing = (times: number, code: number) => {
      let left = times;
      return () => retried(() => (left-- > 0 ? Promise.reject(responseError(code)) : Promise.resolve('done')));
    };
    return { failing, waits, throttles: () => throttles, pass: (ms: number) => (now += ms) };
  }

  it('that is throttled is retried, each time after twice as long, up to two seconds', async () => {
    const { failing, waits, throttles } = world();
    await expect(failing(7, 0x1100)()).resolves.toBe('done');
    expect(waits).toEqual([50, 100, 200, 400, 800, 1_600, 2_000]);
    expect(throttles()).toBe(7);
  });

  it('waits a random part of that, so that clients do not come back together', async () => {
    const { failing, waits } = world(() => 0.3);
    await failing(3, 0x1200)();
    expect(waits).toEqual([15, 30, 60]);
  });

  it('fails as an outage if the store throttles for longer', async () => {
    const { failing, throttles } = world();
    const error: unknown = await failing(8, 0x1001)().catch((each: unknown) => each);
    expect(classify(error)).toBeInstanceOf(StoreUnavailableError);
    expect(throttles()).toBe(8);
  });

  it('shares its patience with all others: a process waits for 8 s at a stretch, and again after a while', async () => {
    const { failing, waits, pass } = world();
    const total = () => waits.reduce((sum, each) => sum + each, 0);
    await failing(7, 0x1100)();
    await expect(failing(7, 0x1100)()).rejects.toThrow('from the server');
    expect(total()).toBeLessThanOrEqual(8_000);
    await expect(failing(7, 0x1100)()).rejects.toThrow('from the server');
    pass(80_000);
    await expect(failing(7, 0x1100)()).resolves.toBe('done');
  });

  it('counts the time of statements that wait at the same moment once', async () => {
    const waking: (() => void)[] = [];
    let now = 0;
    const sleep = () => new Promise<void>((resolve) => void waking.push(resolve));
    const retried = retrier({ now: () => now, sleep, random: () => 1, throttled: () => undefined });
    const statements = Array.from({ length: 100 }, () => {
      let left = 7;
      return retried(() => (left-- > 0 ? Promise.reject(responseError(0x1100)) : Promise.resolve('done')));
    });
    for (const wait of [50, 100, 200, 400, 800, 1_600, 2_000]) {
      for (let turns = 0; waking.length < 100 && turns < 100; turns++) await Promise.resolve();
      now += wait;
      waking.splice(0).forEach((wake) => wake());
    }
    await expect(Promise.all(statements)).resolves.toEqual(Array(100).fill('done'));
  });

  it('is retried without a throttle if replicas are missing, and not at all if it is wrong', async () => {
    const unavailable = world();
    await expect(unavailable.failing(2, 0x1000)()).resolves.toBe('done');
    expect([unavailable.waits.length, unavailable.throttles()]).toEqual([2, 0]);
    const wrong = world();
    await expect(wrong.failing(1, 0x2000)()).rejects.toThrow('from the server');
    expect([wrong.waits.length, wrong.throttles()]).toEqual([0, 0]);
  });
});

describe('the session', () => {
  it('names what is missing in the environment, at the first statement and not before', async () => {
    const run = (environment: Record<string, string>) => connect(environment).execute('SELECT name FROM tt', []);
    await expect(run({})).rejects.toThrow('environment variable AWS_REGION is not set');
    await expect(run({ AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_KEYSPACES: 'http://127.0.0.1:1' })).rejects.toThrow(
      "environment variable AWS_ENDPOINT_URL_KEYSPACES must be like cassandra://user:password@host:9042, got 'http://127.0.0.1:1'",
    );
  });

  it('closes if it was never used', async () => {
    await expect(connect({}).shutdown()).resolves.toBeUndefined();
  });
});
