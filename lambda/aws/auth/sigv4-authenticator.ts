/**
 * AWS Signature Version 4, which Amazon Keyspaces accepts in place of a password: the server sends a nonce, and the
 * client signs a canonical request that contains it. AWS's own plugin for Node needs version 2 of the SDK: 10 MB, 0.7 s
 * to load.
 * @see https://docs.aws.amazon.com/keyspaces/latest/devguide/SigV4_credentials.html
 * @see https://github.com/aws/aws-sigv4-auth-cassandra-nodejs-driver-plugin
 */
import { SignatureV4 } from '@smithy/signature-v4';
import { type auth } from 'cassandra-driver';
import { sha256 } from '../../runtime/digest';
import { loadDriver } from '../keyspaces/driver';
import { type AwsCredentials } from './credentials';
import { Sha256 } from './sha256';

const SERVICE = 'cassandra';
const EXPIRES_SECONDS = 900;

/** The response to the server's challenge. */
export async function signChallenge(
  nonce: string,
  region: string,
  credentials: AwsCredentials,
  now: Date,
): Promise<string> {
  const amzDate = now.toISOString();
  const compact = `${amzDate.slice(0, 19).replace(/[-:]/g, '')}Z`;
  const scope = `${compact.slice(0, 8)}/${region}/${SERVICE}/aws4_request`;
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${credentials.accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${encodeURIComponent(amzDate)}`,
    `X-Amz-Expires=${EXPIRES_SECONDS}`,
  ].join('&');
  const request = `PUT\n/authenticate\n${query}\nhost:${SERVICE}\n\nhost\n${sha256(nonce)}`;
  const stringToSign = `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(request)}`;
  const signer = new SignatureV4({ service: SERVICE, region, credentials, sha256: Sha256 });
  const signature = await signer.sign(stringToSign, { signingDate: now });
  const token = credentials.sessionToken ? `,session_token=${credentials.sessionToken}` : '';
  return `signature=${signature},access_key=${credentials.accessKeyId},amzdate=${amzDate}${token}`;
}

/** @throws Error if the challenge has no nonce */
export function nonceOf(challenge: string): string {
  const nonce = challenge
    .split(',')
    .find((part) => part.startsWith('nonce='))
    ?.slice('nonce='.length);
  if (!nonce) throw new Error(`challenge of the store must contain nonce=…, got '${challenge}'`);
  return nonce;
}

/** An interface in the driver's types but a class in the driver, which rejects providers that do not extend it. */
const { AuthProvider } = loadDriver().auth as unknown as { readonly AuthProvider: new () => auth.AuthProvider };

class SigV4AuthProvider extends AuthProvider {
  constructor(
    private readonly region: string,
    private readonly credentials: () => AwsCredentials,
  ) {
    super();
  }

  public override newAuthenticator(): auth.Authenticator {
    const respond = async (challenge: string) =>
      Buffer.from(await signChallenge(nonceOf(challenge), this.region, this.credentials(), new Date()));
    return {
      initialResponse: (callback: (error: Error | null, response?: Buffer) => void) => {
        callback(null, Buffer.from('SigV4\0\0'));
      },
      evaluateChallenge: (challenge: Buffer, callback: (error: Error | null, response?: Buffer) => void) => {
        respond(challenge.toString('utf8')).then(
          (response) => callback(null, response),
          (error: Error) => callback(error),
        );
      },
      onAuthenticationSuccess: () => undefined,
    };
  }
}

/**
 * An authentication provider for cassandra-driver.
 * @param credentials called for every new connection, because temporary credentials expire while a function runs
 */
export function sigV4AuthProvider(region: string, credentials: () => AwsCredentials): auth.AuthProvider {
  return new SigV4AuthProvider(region, credentials);
}
