/** Invokes deployed functions by name. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

/** The longest run of a function, ms. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LONGEST_MS = 900_000;

/** The SDK must not repeat an interrupted call while the first still runs. */
export const connectLambda = () => new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: LONGEST_MS } });

/**
 * @returns a call of the function; its response is not checked against the handler's type
 * @throws Error of one line with the message of the function, if it fails
 */
export function invoking<Result>(name: string, client: LambdaClient): (event: unknown) => Promise<Result> {
  return async (event) => {
    const response = await client.send(
      new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) }),
    );
    const body = JSON.parse(Buffer.from(response.Payload ?? []).toString('utf8')) as unknown;
    if (response.FunctionError) {
      const { errorMessage } = body as { errorMessage?: string };
      throw new Error(`function ${name} failed: ${errorMessage?.split('\n')[0] ?? response.FunctionError}`);
    }
    return body as Result;
  };
}
