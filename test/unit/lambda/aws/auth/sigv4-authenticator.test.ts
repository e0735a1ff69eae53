import { Client } from 'cassandra-driver';
import { nonceOf, sigV4AuthProvider, signChallenge } from '../../../../../lambda/aws/auth/sigv4-authenticator';

const KEYS = { accessKeyId: 'UserID-1', secretAccessKey: 'UserSecretKey-1' };
const NONCE = '91703fdc2ef562e19fbdab0f58e42fe5';
const ANSWER =
  'signature=7f3691c18a81b8ce7457699effbfae5b09b4e0714ab38c1292dbdf082c9ddd87,access_key=UserID-1,amzdate=2020-06-09T22:41:51.000Z';

describe('the response to a SigV4 challenge', () => {
  const at = new Date('2020-06-09T22:41:51Z');

  it("equals the example of AWS's plugin", async () => {
    await expect(signChallenge(NONCE, 'us-west-2', KEYS, at)).resolves.toBe(ANSWER);
  });

  it('contains the token of temporary credentials', async () => {
    await expect(signChallenge(NONCE, 'us-west-2', { ...KEYS, sessionToken: 't0' }, at)).resolves.toBe(
      `${ANSWER},session_token=t0`,
    );
  });

  it('finds the nonce among other fields and rejects a challenge without one', () => {
    expect(nonceOf(`a=b,nonce=${NONCE},c=d`)).toBe(NONCE);
    expect(() => nonceOf('a=b')).toThrow("must contain nonce=…, got 'a=b'");
  });
});

describe('the authenticator', () => {
  const exchange = (provider: ReturnType<typeof sigV4AuthProvider>, challenge: string) => {
    const authenticator = provider.newAuthenticator('', '');
    return new Promise<string>((resolve, reject) => {
      authenticator.evaluateChallenge(Buffer.from(challenge), (error: Error | null, response?: Buffer) =>
        error ? reject(error) : resolve(response!.toString()),
      );
    });
  };

  it('is accepted by the driver', async () => {
    const clientWith = (authProvider: ReturnType<typeof sigV4AuthProvider>) =>
      new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'us-west-2', authProvider });
    const provider = sigV4AuthProvider('us-west-2', () => KEYS);
    const client = clientWith(provider);
    await expect(client.shutdown()).resolves.toBeUndefined();
    // The driver rejects others.
    expect(() => clientWith({ newAuthenticator: provider.newAuthenticator.bind(provider) })).toThrow('AuthProvider');
  });

  it('starts with the name of the mechanism', () => {
    const begin = jest.fn();
    sigV4AuthProvider('us-west-2', () => KEYS)
      .newAuthenticator('', '')
      .initialResponse(begin);
    expect(begin).toHaveBeenCalledWith(null, Buffer.from('SigV4\0\0'));
  });

  it('reads the credentials for each connection, because they expire', async () => {
    const keys = [KEYS, { ...KEYS, accessKeyId: 'UserID-2' }];
    const provider = sigV4AuthProvider('us-west-2', () => keys.shift()!);
    await expect(exchange(provider, `nonce=${NONCE}`)).resolves.toContain('access_key=UserID-1');
    await expect(exchange(provider, `nonce=${NONCE}`)).resolves.toContain('access_key=UserID-2');
  });

  it('fails the connection, not the process, on a challenge without a nonce', async () => {
    await expect(
      exchange(
        sigV4AuthProvider('us-west-2', () => KEYS),
        'hello',
      ),
    ).rejects.toThrow('nonce');
  });
});
