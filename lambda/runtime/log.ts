/** One-line JSON logs. They contain positions (topic, partition, offset) and reasons, never payloads: personal data. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** The part of Lambda's context that is used. */
export interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/**
 * What each line says about the invocation that wrote it, under the names that Powertools for AWS Lambda gives to these
 * fields, so that queries written for its logs work here.
 * @see https://docs.aws.amazon.com/powertools/typescript/latest/features/logger/
 */
export interface InvocationFields {
  readonly function_request_id: string;
  /** Absent where Lambda passes no trace. */
  readonly xray_trace_id: string | undefined;
  readonly cold_start: boolean;
}

const invocation = new AsyncLocalStorage<InvocationFields>();
let cold = true;

/**
 * Lambda's entry point. Each line that an invocation writes has {@link InvocationFields}.
 * @param make makes the handler in the first invocation: what it reads from the environment need not be there at import
 */
export function invoked<E, R>(
  make: () => (event: E, context: Invocation) => Promise<R>,
): (event: E, context: Invocation) => Promise<R> {
  let handler: ReturnType<typeof make> | undefined;
  return (event, context) => {
    const fields = {
      function_request_id: context.awsRequestId,
      // Lambda sets the variable for each invocation: Root=1-…;Parent=…;Sampled=1
      xray_trace_id: /Root=([^;]+)/.exec(process.env._X_AMZN_TRACE_ID ?? '')?.[1],
      cold_start: cold,
    };
    cold = false;
    return invocation.run(fields, async () => (handler ??= make())(event, context));
  };
}

/** Writes one line. All lines of the functions go through here. */
export function writeLine(fields: LogFields): void {
  process.stdout.write(`${JSON.stringify({ ...fields, ...invocation.getStore() })}\n`);
}

type Level = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

function write(level: Level, message: string, fields: LogFields): void {
  writeLine({ level, message, ...fields });
}

export const log = {
  info: (message: string, fields: LogFields = {}) => write('info', message, fields),
  warn: (message: string, fields: LogFields = {}) => write('warn', message, fields),
  error: (message: string, error: unknown, fields: LogFields = {}) =>
    write('error', message, {
      ...fields,
      error: error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : String(error),
    }),
};
