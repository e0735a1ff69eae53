/**
 * The port to Amazon Keyspaces (Apache Cassandra in local runs): one session per process, opened on first use, which
 * prepares every statement and reads and writes with LOCAL_QUORUM. An error that the statement did not cause becomes a
 * {@link StoreUnavailableError} within seconds: handlers rethrow it, and the event source or the client retries.
 */
import type cassandra from 'cassandra-driver';
import { credentialsFromEnvironment, regionFromEnvironment, type AwsCredentials } from '../auth/credentials';
import type * as sigV4 from '../auth/sigv4-authenticator';
import { loadDriver, type Driver } from './driver';

/** The store is unreachable or does not respond in time. The statement may or may not have been executed. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

export type CqlValue = string | number | Date | Buffer | null;

export interface CqlResult {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Of a conditional statement: whether its condition held. */
  readonly applied: boolean;
}

export interface CqlSession {
  /**
   * Runs one statement and reads all pages of its result. A statement that the store throttles is retried with backoff: a
   * retried conditional write may see its own earlier effect, and callers handle that.
   * @throws StoreUnavailableError
   */
  execute(statement: string, values: readonly CqlValue[]): Promise<CqlResult>;
  shutdown(): Promise<void>;
}

const CONNECT_MS = 3_000;
/** Keyspaces responds within milliseconds; a statement that takes this long is lost. */
const READ_MS = 4_000;
/** Keyspaces recommends two seconds or more. */
const HEARTBEAT_MS = 10_000;
/** A connection carries 3,000 statements a second; Keyspaces recommends three connections. */
const CONNECTIONS = 3;

/** The driver represents server-side timestamps as null, which its types do not include. */
const SERVER_SIDE = null as unknown as undefined;

/** Error codes that describe the server's state, not the statement. */
const SERVER_FAILURES = new Set([
  0x0000, // server error
  0x1000, // unavailable
  0x1001, // overloaded
  0x1002, // bootstrapping
  0x1100, // write timeout
  0x1200, // read timeout
  0x1300, // read failure
  0x1500, // write failure
  0x1700, // outcome of a conditional write unknown
]);

/** Wraps an error of the driver if it is an outage; returns any other error unchanged. */
export function classify(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // By class: class names do not survive minification.
  const { errors } = loadDriver();
  const client = [
    errors.NoHostAvailableError,
    errors.OperationTimedOutError,
    errors.BusyConnectionError,
    errors.AuthenticationError,
  ];
  const { code } = error as { code?: unknown };
  const outage =
    client.some((each) => error instanceof each) ||
    // The plain base class: connections that close during a request.
    error.constructor === errors.DriverError ||
    (error instanceof errors.ResponseError && SERVER_FAILURES.has(error.code)) ||
    // Socket and name lookup errors (ECONNREFUSED, ENOTFOUND …), but not Node's ERR_… codes, which are programming
    // errors.
    (typeof code === 'string' && /^E(?!RR_)/.test(code));
  return outage
    ? new StoreUnavailableError(`the view store is not available: ${error.message}`, { cause: error })
    : error;
}

/** What Keyspaces responds where a table or partition is out of capacity: a timeout, though nothing was late. */
const THROTTLES = new Set([0x1001, 0x1100, 0x1200]);
/** What passes by itself within seconds. */
const PASSING = new Set([...THROTTLES, 0x1000]);

const codeOf = (error: unknown): number => {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : -1;
};

const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 2_000;
const ATTEMPTS = 8;

/**
 * How long a process waits for the store at a stretch, ms, whatever number of statements waits at the same time. A step ends 15 s
 * after its budget, an API after 29 s: waiting must leave time for the response.
 */
const PATIENCE_MS = 8_000;
/** Share of the time without waiting by which the patience recovers. */
const RECOVERS = 0.1;

export interface Waiting {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
  /** Called for each response by which the store throttles. */
  readonly throttled: () => void;
}

/**
 * Retries what passes with exponential backoff and full jitter, so that throttled clients do not come back together.
 * @see https://docs.aws.amazon.com/keyspaces/latest/devguide/troubleshooting.serverless.html
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function retrier({ now, sleep, random, throttled }: Waiting) {
  let waiting = 0;
  let spent = 0;
  let at = now();
  const account = () => {
    const passed = now() - at;
    at += passed;
    spent = waiting > 0 ? spent + passed : Math.max(0, spent - passed * RECOVERS);
  };
  return async function retried<T>(execute: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await execute();
      } catch (error) {
        const code = codeOf(error);
        if (THROTTLES.has(code)) throttled();
        const wait = random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
        account();
        if (!PASSING.has(code) || attempt === ATTEMPTS || spent + wait > PATIENCE_MS) throw error;
        waiting++;
        await sleep(wait);
        account();
        waiting--;
      }
    }
  };
}

/** The driver's own retries are immediate. It tries only the next host where one does not respond at all. */
function noRetries(driver: Driver): cassandra.policies.retry.RetryPolicy {
  const policy = new driver.policies.retry.RetryPolicy();
  const next = policy.onRequestError.bind(policy);
  policy.onReadTimeout = () => policy.rethrowResult();
  policy.onWriteTimeout = () => policy.rethrowResult();
  policy.onUnavailable = () => policy.rethrowResult();
  policy.onRequestError = (info, consistency, error) =>
    PASSING.has(codeOf(error)) ? policy.rethrowResult() : next(info, consistency, error);
  return policy;
}

type Environment = Readonly<Record<string, string | undefined>>;

function endpointOptions(
  driver: Driver,
  environment: Environment,
  credentials?: () => AwsCredentials,
): cassandra.ClientOptions {
  const region = regionFromEnvironment(environment);
  const local = environment.AWS_ENDPOINT_URL_KEYSPACES;
  if (local) {
    const url = new URL(local);
    if (url.protocol !== 'cassandra:' || !url.port) {
      throw new Error(
        `environment variable AWS_ENDPOINT_URL_KEYSPACES must be like cassandra://user:password@host:9042, got '${local}'`,
      );
    }
    return {
      contactPoints: [url.host],
      localDataCenter: region,
      authProvider: new driver.auth.PlainTextAuthProvider(
        decodeURIComponent(url.username),
        decodeURIComponent(url.password),
      ),
    };
  }
  // Needed only on AWS; a local run does not load the signer.
  const { sigV4AuthProvider } = require('../auth/sigv4-authenticator') as typeof sigV4;
  const host = `cassandra.${region}.amazonaws.com`;
  return {
    contactPoints: [`${host}:9142`],
    protocolOptions: { port: 9142 },
    localDataCenter: region,
    authProvider: sigV4AuthProvider(region, credentials ?? credentialsFromEnvironment),
    // Peers are reached by address and all present the endpoint's certificate, whose root Node trusts.
    sslOptions: { servername: host, rejectUnauthorized: true },
  };
}

export interface ConnectOptions {
  /** @default - those of the process's environment */
  readonly credentials?: () => AwsCredentials;
  /** Called for each response by which the store throttles. @default - nothing */
  readonly throttled?: () => void;
}

async function open(
  environment: Environment,
  { credentials, throttled = () => undefined }: ConnectOptions,
): Promise<CqlSession> {
  const driver = loadDriver();
  const client = new driver.Client({
    ...endpointOptions(driver, environment, credentials),
    queryOptions: {
      prepare: true,
      consistency: driver.types.consistencies.localQuorum,
      serialConsistency: driver.types.consistencies.localSerial,
      isIdempotent: true,
      fetchSize: 500,
    },
    // Client-side timestamps would require a table property in Keyspaces.
    policies: { retry: noRetries(driver), timestampGeneration: SERVER_SIDE },
    pooling: {
      coreConnectionsPerHost: { [driver.types.distance.local]: CONNECTIONS, [driver.types.distance.remote]: 1 },
      heartBeatInterval: HEARTBEAT_MS,
      warmup: true,
    },
    socketOptions: { connectTimeout: CONNECT_MS, readTimeout: READ_MS, keepAlive: true },
    // Each prepared statement brings the names and types it needs; reading the whole schema would waste time.
    isMetadataSyncEnabled: false,
    prepareOnAllHosts: false,
    monitorReporting: { enabled: false },
  });
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown().catch(() => undefined);
    throw classify(error);
  }
  const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
  const retried = retrier({ now: Date.now, sleep, random: Math.random, throttled });
  return {
    async execute(statement, values) {
      const rows: cassandra.types.Row[] = [];
      let applied = true;
      let pageState: string | undefined;
      try {
        do {
          // A page may be short or empty without being the last: Keyspaces counts the rows it read, not those it
          // returns.
          const from = pageState;
          const page = await retried(() => client.execute(statement, values as unknown[], { pageState: from }));
          applied = page.wasApplied();
          rows.push(...(page.rows ?? []));
          pageState = page.pageState ?? undefined;
        } while (pageState);
      } catch (error) {
        throw classify(error);
      }
      return { rows, applied };
    },
    shutdown: () => client.shutdown(),
  };
}

/**
 * Opens a session: to `cassandra.<AWS_REGION>.amazonaws.com:9142` with TLS and SigV4, or to a plain Cassandra if
 * `AWS_ENDPOINT_URL_KEYSPACES` is set (`cassandra://user:password@host:port`). The first statement opens the
 * connection; after a failed attempt, the next statement opens it again.
 */
export function connect(environment: Environment = process.env, options: ConnectOptions = {}): CqlSession {
  let session: Promise<CqlSession> | undefined;
  return {
    async execute(statement, values) {
      session ??= open(environment, options);
      const current = session;
      let connected: CqlSession;
      try {
        connected = await current;
      } catch (error) {
        if (session === current) session = undefined;
        throw error;
      }
      return connected.execute(statement, values);
    },
    async shutdown() {
      const current = session;
      session = undefined;
      await (await current?.catch(() => undefined))?.shutdown();
    },
  };
}

let shared: CqlSession | undefined;

/** The session of this process, shared by warm invocations. */
export function sharedSession(throttled: () => void): CqlSession {
  return (shared ??= connect(process.env, { throttled }));
}
