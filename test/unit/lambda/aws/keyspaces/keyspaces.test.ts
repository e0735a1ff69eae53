import { errors } from 'cassandra-driver';
import { classify, connect, StoreUnavailableError } from '../../../../../lambda/aws/keyspaces/keyspaces';

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
