/** A function's identity: its credentials and its region, as Lambda sets them in the environment. */

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * The credentials that Lambda provides to the function, read on each call.
 * @throws Error naming the missing variable
 */
export function credentialsFromEnvironment(): AwsCredentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new Error('environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set');
  }
  return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, sessionToken: AWS_SESSION_TOKEN };
}

/** @throws Error naming the missing variable */
export function regionFromEnvironment(environment: NodeJS.ProcessEnv = process.env): string {
  const region = environment.AWS_REGION;
  if (!region) throw new Error('environment variable AWS_REGION is not set');
  return region;
}
