/**
 * The port to Amazon Keyspaces (Apache Cassandra in local runs): one session per process, opened on first use, which
 * prepares every statement and reads and writes with LOCAL_QUORUM. An error that the statement did not cause becomes a
 * {@link StoreUnavailableError} within seconds: handlers rethrow it, and the event source or the client retries.
 */
import type cassandra from 'cassandra-driver';
import { credentialsFromEnvironment, regionFromEnvironment, type AwsCredentials } from '../auth/credentials';
import type * as sigV4 from '../auth/sigv4-authenticator';

/** The store is unreachable or does not respond in time. The statement may or may not have been executed. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

export type CqlValue = string | number | Date | Buffer | null | readonly Date[];

export interface CqlResult {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Of a conditional statement: whether its condition held. */
  readonly applied: boolean;
}

export interface CqlSession {
  /**
   * Runs one statement and reads all pages of its result. A statement may be retried: a retried conditional write may
   * see its own earlier effect, and callers handle that.
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
const ATTEMPTS = 3;

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
  const { errors } = require('cassandra-driver') as typeof cassandra;
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

/**
 * Retries timeouts and unavailability on the same host: Keyspaces is one endpoint with many nodes behind it. If a host
 * does not respond at all, the driver tries the next one, which is its default.
 */
function retryPolicy(driver: typeof cassandra): cassandra.policies.retry.RetryPolicy {
  const policy = new driver.policies.retry.RetryPolicy();
  const again = (info: cassandra.policies.retry.OperationInfo) =>
    info.nbRetry < ATTEMPTS - 1
      ? policy.retryResult(driver.types.consistencies.localQuorum, true)
      : policy.rethrowResult();
  policy.onReadTimeout = again;
  policy.onWriteTimeout = again;
  policy.onUnavailable = again;
  return policy;
}

type Environment = Readonly<Record<string, string | undefined>>;

function endpointOptions(
  driver: typeof cassandra,
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

async function open(environment: Environment, credentials?: () => AwsCredentials): Promise<CqlSession> {
  // Takes 80 ms to load: not at import, so code that never uses the store does not pay for it.
  const driver = require('cassandra-driver') as typeof cassandra;
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
    policies: { retry: retryPolicy(driver), timestampGeneration: SERVER_SIDE },
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
  return {
    async execute(statement, values) {
      const rows: cassandra.types.Row[] = [];
      let applied = true;
      let pageState: string | undefined;
      try {
        do {
          // A page may be short or empty without being the last: Keyspaces counts the rows it read, not those it
          // returns.
          const page = await client.execute(statement, values as unknown[], { pageState });
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
 * @param credentials @default - those of the process's environment
 */
export function connect(environment: Environment = process.env, credentials?: () => AwsCredentials): CqlSession {
  let session: Promise<CqlSession> | undefined;
  return {
    async execute(statement, values) {
      session ??= open(environment, credentials);
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
export function sharedSession(): CqlSession {
  return (shared ??= connect());
}
