/**
 * Sends a control record through both layers every few minutes, and reports the age of the newest one that each layer
 * shows. It invokes the functions of ingest and query like their APIs do. No API route leads to these paths, so clients
 * cannot reach them.
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ENV, requireEnv } from '../runtime/env';
import { type HttpResponse, type HttpEvent } from '../runtime/http';
import { invoked, log } from '../runtime/log';
import { report, type ReportOf } from '../runtime/metrics';
import { agesOf, requestOf } from './core';

export interface Deps {
  /** @throws Error if the function could not be invoked or failed */
  invoke(functionName: string, event: HttpEvent): Promise<HttpResponse>;
  readonly ingest: string;
  readonly query: string;
  readonly report: ReportOf<'canary'>;
  readonly log: Pick<typeof log, 'error'>;
  now(): number;
}

export function makeHandler(deps: Deps): () => Promise<void> {
  async function call(functionName: string, event: HttpEvent, expected: number): Promise<string> {
    const { statusCode, body } = await deps.invoke(functionName, event);
    if (statusCode !== expected) throw new Error(`status must be ${expected}, got ${statusCode}`);
    return body;
  }

  return async () => {
    const started = deps.now();
    let failed = 0;
    const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        failed++;
        deps.log.error(what, error);
        return undefined;
      }
    };
    // Query before sending: the canary sent now cannot be visible yet.
    const ages = await attempt('the query function did not return the canaries', async () =>
      agesOf(await call(deps.query, requestOf('GET', '/canary'), 200), started),
    );
    await attempt('the ingest function did not accept the canary', () =>
      call(deps.ingest, requestOf('POST', '/canary'), 202),
    );
    deps.report('canary', { ...ages, failed, duration: deps.now() - started });
  };
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
function invoker(client: LambdaClient): Deps['invoke'] {
  return async (functionName, event) => {
    const response = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(event)) }),
    );
    const text = Buffer.from(response.Payload ?? []).toString('utf8');
    if (response.FunctionError !== undefined) throw new Error(`${response.FunctionError}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as HttpResponse;
  };
}

export const handler = invoked(() =>
  makeHandler({
    invoke: invoker(new LambdaClient({})),
    ingest: requireEnv(ENV.ingestFunction),
    query: requireEnv(ENV.queryFunction),
    report,
    log,
    now: Date.now,
  }),
);
