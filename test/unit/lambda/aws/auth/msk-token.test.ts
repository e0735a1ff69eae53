import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js';
import { credentialsFromEnvironment } from '../../../../../lambda/aws/auth/credentials';
import { mskToken, unsecuredToken } from '../../../../../lambda/aws/auth/msk-token';

const NOW = new Date('2026-11-22T21:07:00Z');

describe('the MSK token', () => {
  beforeEach(() => jest.useFakeTimers({ now: NOW }));
  afterEach(() => jest.useRealTimers());

  test.each([
    ['us-east-1', { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }],
    ['eu-west-3', { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 's+e/cret', sessionToken: 'FwoGZXIvYXdz//+==!*(x)' }],
  ])('equals the one of the published signer in %s', async (region, credentials) => {
    const expected = await generateAuthTokenFromCredentialsProvider({
      region,
      awsCredentialsProvider: () => Promise.resolve(credentials),
    });
    const token = await mskToken(region, credentials, NOW, 'aws-msk-iam-sasl-signer-js/1.0.3');
    const readable = (value: string) => Buffer.from(value, 'base64url').toString();
    expect(readable(token.value)).toBe(readable(expected.token));
    expect(token.value).toBe(expected.token);
  });
});

test('the unsecured token is an unsigned JWT of fifteen minutes', () => {
  const [header, claims, signature] = unsecuredToken(1_000_500).value.split('.');
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown;
  expect(decode(header)).toEqual({ alg: 'none' });
  expect(decode(claims)).toEqual({ sub: 'pipeline', iat: 1000, exp: 1900 });
  expect(signature).toBe('');
});

test('missing credentials are named', () => {
  const { AWS_ACCESS_KEY_ID } = process.env;
  delete process.env.AWS_ACCESS_KEY_ID;
  try {
    expect(credentialsFromEnvironment).toThrow('AWS_ACCESS_KEY_ID');
  } finally {
    if (AWS_ACCESS_KEY_ID !== undefined) process.env.AWS_ACCESS_KEY_ID = AWS_ACCESS_KEY_ID;
  }
});
