/**
 * The port to Amazon Keyspaces (or Apache Cassandra, in local runs): one session a process, made at first use, which
 * prepares every statement and reads and writes with LOCAL_QUORUM. What is no fault of the statement becomes
 * {@link StoreUnavailableError}, within seconds: handlers throw it on, and the event source or the client tries again.
 */
import type cassandra from 'cassandra-driver';
import { credentialsFromEnvironment, regionFromEnvironment, type AwsCredentials } from '../auth/credentials';
import type * as sigV4 from '../auth/sigv4-authenticator';

/** The store cannot be reached or does not answer in time. The statement may or may not have been carried out. */
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
   * Runs one statement; all pages of a result are read. Every statement of this project may be repeated: conditional
   * ones find their own write then, which their callers expect.
   * @throws StoreUnavailableError
   */
  execute(statement: string, values: readonly CqlValue[]): Promise<CqlResult>;
  shutdown(): Promise<void>;
}

const CONNECT_MS = 3_000;
/** Keyspaces answers within milliseconds; a statement that takes this long is lost. */
const READ_MS = 4_000;
/** Keyspaces advises two seconds or more. */
const HEARTBEAT_MS = 10_000;
/** A connection takes 3,000 statements a second; three are what Keyspaces advises. */
const CONNECTIONS = 3;
const ATTEMPTS = 3;

/** The driver's way to say so is a null that its types do not know. */
const SERVER_SIDE = null as unknown as undefined;

/** Codes of the server's errors that speak of its state, not of the statement. */
const SERVER_IN_TROUBLE = new Set([
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

/** Wraps an error of the driver if it is an outage; anything else is returned as it is. */
export function classify(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // By class: names of classes do not survive minification.
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
    // The plain base class: connections that close in the middle of a request.
    error.constructor === errors.DriverError ||
    (error instanceof errors.ResponseError && SERVER_IN_TROUBLE.has(error.code)) ||
    // Errors of sockets and name look-ups: ECONNREFUSED, ENOTFOUND …, but not Node's ERR_…, which are mistakes.
    (typeof code === 'string' && /^E(?!RR_)/.test(code));
  return outage
    ? new StoreUnavailableError(`the view store is not available: ${error.message}`, { cause: error })
    : error;
}

/**
 * Timeouts and unavailability are tried again on the same host: Keyspaces is one endpoint with many nodes behind it. A
 * host that does not answer at all is left for the next one, the driver's default.
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
  // Needed on AWS only; a local run need not load the signer.
  const { sigV4AuthProvider } = require('../auth/sigv4-authenticator') as typeof sigV4;
  const host = `cassandra.${region}.amazonaws.com`;
  return {
    contactPoints: [`${host}:9142`],
    protocolOptions: { port: 9142 },
    localDataCenter: region,
    authProvider: sigV4AuthProvider(region, credentials ?? credentialsFromEnvironment),
    // Peers are reached by address, and all show the endpoint's certificate; its roots are among those Node trusts.
    sslOptions: { servername: host, rejectUnauthorized: true },
  };
}

async function open(environment: Environment, credentials?: () => AwsCredentials): Promise<CqlSession> {
  // 80 ms to load: not at import, so that what never talks to the store never pays.
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
    // Timestamps of the client need a property of the table in Keyspaces.
    policies: { retry: retryPolicy(driver), timestampGeneration: SERVER_SIDE },
    pooling: {
      coreConnectionsPerHost: { [driver.types.distance.local]: CONNECTIONS, [driver.types.distance.remote]: 1 },
      heartBeatInterval: HEARTBEAT_MS,
      warmup: true,
    },
    socketOptions: { connectTimeout: CONNECT_MS, readTimeout: READ_MS, keepAlive: true },
    // The names and types of the tables come with each prepared statement; reading the whole schema is time for nothing.
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
          // A page may be short or empty and not be the last: Keyspaces counts what it read, not what it returns.
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
 * Opens a session: to `cassandra.<AWS_REGION>.amazonaws.com:9142` with TLS and SigV4, or, where
 * `AWS_ENDPOINT_URL_KEYSPACES` names one (`cassandra://user:password@host:port`), to a plain Cassandra.
 * The connection is made at the first statement and made anew after one that failed.
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

/** The session of this process, which warm invocations share. */
export function sharedSession(): CqlSession {
  return (shared ??= connect());
}
