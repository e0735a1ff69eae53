/**
 * Tokens for Kafka's SASL OAUTHBEARER login: MSK's token (a presigned URL) and the unsigned JWT of local runs.
 *
 * MSK's token is built here with the SDK's own signer. The published package also bundles STS and all credential
 * providers: half of the ingest bundle's budget. A test verifies that both produce the same token.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html
 */

import { SignatureV4 } from '@smithy/signature-v4';
import { type AwsCredentials } from './credentials';
import { Sha256 } from './sha256';

export interface Token {
  readonly value: string;
}

/** MSK rejects tokens with a longer lifetime. */
const LIFETIME_SECONDS = 900;
const USER_AGENT = 'pinterest-data-pipeline';

/**
 * A token for MSK's IAM authentication: the presigned URL of `kafka-cluster:Connect`, in base64url.
 * @param now the signing time
 */
export async function mskToken(
  region: string,
  credentials: AwsCredentials,
  now: Date = new Date(),
  userAgent: string = USER_AGENT,
): Promise<Token> {
  const hostname = `kafka.${region}.amazonaws.com`;
  const signer = new SignatureV4({
    service: 'kafka-cluster',
    region,
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: 'https',
      hostname,
      path: '/',
      headers: { host: hostname },
      query: { Action: 'kafka-cluster:Connect' },
    },
    { expiresIn: LIFETIME_SECONDS, signingDate: now },
  );
  // The broker logs the user agent; it is not part of the signature.
  const query = { ...signed.query, 'User-Agent': userAgent } as Record<string, string>;
  const pairs = Object.keys(query)
    .sort()
    .map((name) => `${escapeUri(name)}=${escapeUri(query[name])}`);
  return { value: Buffer.from(`https://${hostname}/?${pairs.join('&')}`).toString('base64url') };
}

/** RFC 3986 escaping, which signatures require: encodeURIComponent does not escape !'()*. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** An unsigned JWT, which a broker with the unsecured validator accepts: local runs only. */
export function unsecuredToken(now: number = Date.now(), lifetimeSeconds: number = LIFETIME_SECONDS): Token {
  const issued = Math.floor(now / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    value: `${part({ alg: 'none' })}.${part({ sub: 'pipeline', iat: issued, exp: issued + lifetimeSeconds })}.`,
  };
}
