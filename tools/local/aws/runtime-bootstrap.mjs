/**
 * What runs inside a function's process, in the place of Lambda's Node runtime: loads the handler of the asset, takes
 * invocations over the IPC channel, and answers with JSON. Plain JavaScript, as it starts without a compile step.
 *
 * Messages in:  {id, event: JSON text, context: {awsRequestId, deadline: epoch ms}}
 * Messages out: {ready: true} | {failed: error} once; {id, result: JSON text} | {id, error} with each invocation.
 */
import { existsSync, realpathSync } from 'node:fs';
import { createRequire, isBuiltin, registerHooks } from 'node:module';
import { delimiter, join, sep } from 'node:path';
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

/**
 * Only what is deployed can be loaded: the asset, then its layers, then the AWS SDK of Lambda's runtime, by `require` and by
 * `import` alike. Node itself would walk up from the asset's folder, find the project's own modules, and hide that the
 * bundle lacks one; and it would not look for imports in NODE_PATH, as Lambda's runtime does.
 */
function confine() {
  const folder = (path) => pathToFileURL(path + sep).href;
  // Node names modules by their real paths, and any of these folders may be behind a link.
  const layers = (process.env.NODE_PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((path) => realpathSync(path));
  const own = [realpathSync(process.env.LAMBDA_TASK_ROOT), ...layers].map(folder);
  const runtime = realpathSync(process.env.LOCAL_RUNTIME_MODULES);
  const sdk = ['@aws-sdk', '@smithy'].map((scope) => folder(join(runtime, scope)));
  const within = (url, folders) => folders.some((f) => url.startsWith(f));
  // Siblings of the module folders: what they require is looked for there.
  const others = [...layers, runtime].map((modules) => createRequire(join(modules, '..', 'sibling.js')));
  const attempt = (find) => {
    try {
      return find();
    } catch {
      return undefined;
    }
  };
  registerHooks({
    resolve(specifier, context, next) {
      const asked = context.parentURL !== undefined && within(context.parentURL, own);
      if (!asked || isBuiltin(specifier) || /^(\.{0,2}\/|#|\w+:)/.test(specifier)) return next(specifier, context);
      const found = attempt(() => next(specifier, context));
      if (found && within(found.url, own)) return found;
      for (const require of others) {
        const path = attempt(() => require.resolve(specifier));
        const url = path === undefined ? '' : pathToFileURL(path).href;
        if (within(url, [...own, ...sdk])) return { url, shortCircuit: true };
      }
      const error = new Error(`Cannot find module '${specifier}': it is neither in the bundle nor in a layer`);
      error.code = 'MODULE_NOT_FOUND';
      throw error;
    },
  });
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
  confine();
  const handler = await loadHandler();
  process.on('message', async ({ id, event, context }) => {
    try {
      const result = await handler(JSON.parse(event), contextOf(context));
      process.send({ id, result: JSON.stringify(result) ?? 'null', rss: process.memoryUsage.rss() });
    } catch (error) {
      process.send({ id, error: errorOf(error), rss: process.memoryUsage.rss() });
    }
  });
  process.send({ ready: true });
} catch (error) {
  process.send({ failed: errorOf(error) }, () => process.exit(1));
}
