/** SigV4 for APIs that ask for IAM, with the credentials of the environment. */
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';
import { credentialsFromEnvironment } from '../../lambda/aws/auth/credentials';
import { Sha256 } from '../../lambda/aws/auth/sha256';

export type Sign = (
  url: URL,
  method: string,
  headers: Record<string, string>,
  body: string,
) => Promise<Record<string, string>>;

/**
 * @param url of the API; its region is read from an `execute-api` host, else from AWS_REGION
 * @param credentials @default - those of the environment
 * @throws Error if neither names a region, or credentials are missing
 */
export function signerFor(url: URL, credentials: SignatureV4Init['credentials'] = credentialsFromEnvironment()): Sign {
  const region = /\.execute-api\.([a-z0-9-]+)\./.exec(url.hostname)?.[1] ?? process.env.AWS_REGION;
  if (!region) throw new Error('environment variable AWS_REGION must be set to sign requests');
  const signer = new SignatureV4({
    service: 'execute-api',
    region,
    credentials,
    sha256: Sha256,
  });
  return async (target, method, headers, body) => {
    const signed = await signer.sign({
      method,
      protocol: target.protocol,
      hostname: target.hostname,
      path: target.pathname,
      query: Object.fromEntries(
        [...target.searchParams.keys()].map((name) => [name, target.searchParams.getAll(name)]),
      ),
      headers: { ...headers, host: target.host },
      body,
    });
    return signed.headers;
  };
}
