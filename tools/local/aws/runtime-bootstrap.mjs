/**
 * What runs inside a function's process, in the place of Lambda's Node runtime: loads the handler of the asset, takes one
 * invocation after the other over the IPC channel, and answers with JSON. Plain JavaScript, as it starts without a compile step.
 *
 * Messages in:  {event: JSON text, context: {awsRequestId, deadline: epoch ms}}
 * Messages out: {ready: true} | {failed: error} once; {result: JSON text} | {error}, and rss, for each invocation.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Lambda's shape of an error. */
function errorOf(error) {
  if (error instanceof Error) {
    return {
      errorType: error.name,
      errorMessage: error.message,
      trace: String(error.stack ?? '').split('\n'),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

async function loadHandler() {
  const root = process.env.LAMBDA_TASK_ROOT;
  const [, file, name] = /^(.*?)\.([^./]+)$/.exec(process.env._HANDLER) ?? [];
  if (file === undefined) throw new Error(`handler must be file.export, got '${process.env._HANDLER}'`);
  const path = ['.js', '.mjs', '.cjs'].map((extension) => join(root, file + extension)).find((p) => existsSync(p));
  if (path === undefined) throw new Error(`no file for handler '${process.env._HANDLER}' in ${root}`);
  const module = path.endsWith('.mjs') ? await import(pathToFileURL(path).href) : createRequire(path)(path);
  const handler = module[name];
  if (typeof handler !== 'function') throw new Error(`'${process.env._HANDLER}' is not exported as a function`);
  return handler;
}

function contextOf({ awsRequestId, deadline }) {
  const { AWS_LAMBDA_FUNCTION_NAME: name, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory } = process.env;
  return {
    awsRequestId,
    functionName: name,
    functionVersion: '$LATEST',
    memoryLimitInMB: memory,
    invokedFunctionArn: process.env.LOCAL_FUNCTION_ARN,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// The host is gone: a function must not outlive it.
process.on('disconnect', () => process.exit(0));

try {
  const handler = await loadHandler();
  process.on('message', async ({ event, context }) => {
    try {
      const result = await handler(JSON.parse(event), contextOf(context));
      process.send({ result: JSON.stringify(result) ?? 'null', rss: process.memoryUsage.rss() });
    } catch (error) {
      process.send({ error: errorOf(error), rss: process.memoryUsage.rss() });
    }
  });
  process.send({ ready: true });
} catch (error) {
  process.send({ failed: errorOf(error) }, () => process.exit(1));
}
