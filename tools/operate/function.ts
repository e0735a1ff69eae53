/** Deployed functions, called by name. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

/** A function's longest run. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LONGEST_MS = 900_000;

/** A call that is cut off must not be repeated by the SDK while the first still runs. */
export const connectLambda = () => new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: LONGEST_MS } });

/**
 * @returns a call of the function; its answer is taken for what the handler's type says
 * @throws Error of one line with what the function says, if it fails
 */
export function invoking<Answer>(name: string, client: LambdaClient): (event: unknown) => Promise<Answer> {
  return async (event) => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) }),
    );
    const body = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8')) as unknown;
    if (answer.FunctionError) {
      const { errorMessage } = body as { errorMessage?: string };
      throw new Error(`function ${name} failed: ${errorMessage?.split('\n')[0] ?? answer.FunctionError}`);
    }
    return body as Answer;
  };
}
