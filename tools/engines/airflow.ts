import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { STAMP } from './home.cjs';
import { ENGINES, installed } from './paths';
import { HOST, claimPort, freePort } from './ports';
import { type Engine, startEngine } from './engine';
import { supervise } from './supervise';

export interface AirflowOptions {
  /** Absolute folder for the metadata database, configuration and logs. */
  readonly dir: string;
  /** Absolute folder of the DAG files. */
  readonly dagsFolder: string;
  /** Further environment variables, such as `AIRFLOW__CORE__…`. */
  readonly env: Readonly<Record<string, string>>;
  /** Endpoint URLs that the connection `aws_default` uses, by boto3 client name: `lambda`, `emr-serverless`, `s3`. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly region: string;
  /** Port of the UI and REST API. @default - a free one */
  readonly port?: number;
  /** Number of tasks that run at the same time. @default 2 */
  readonly parallelism?: number;
}

const DATABASE = 'airflow.db';

/** Used as a DAG id, it means all DAGs. */
export const ALL_DAGS = '~';

/** One run of a DAG, as in the REST API. */
export interface DagRun {
  readonly dag_id: string;
  readonly dag_run_id: string;
  /** `queued`, `running`, `success`, `failed`. */
  readonly state: string;
  readonly run_type: string;
  readonly data_interval_start: string | null;
  readonly data_interval_end: string | null;
  readonly start_date: string | null;
  readonly end_date: string | null;
}

/** One task of a run; `map_index` is -1 unless the task is mapped. */
export interface TaskInstance {
  readonly task_id: string;
  readonly map_index: number;
  readonly state: string | null;
  readonly try_number: number;
  readonly start_date: string | null;
  readonly end_date: string | null;
}

export interface AirflowEngine {
  /** UI and REST API, without login. */
  readonly url: string;
  /** Environment for the command line `airflow` of the same installation. */
  readonly env: NodeJS.ProcessEnv;
  /** Log files by process. */
  readonly logs: Readonly<Record<string, string>>;
  /** It starts the processes of tasks. */
  readonly scheduler: Engine;
  /** `healthy` or `unhealthy`, by component that was ever there. */
  health(): Promise<Readonly<Record<string, string>>>;
  /** The latest hundred runs of a DAG, or of {@link ALL_DAGS}, newest first. */
  runs(dagId: string): Promise<DagRun[]>;
  tasks(dagId: string, runId: string): Promise<TaskInstance[]>;
  /** The log of one try of a task. */
  taskLog(dagId: string, runId: string, task: TaskInstance): Promise<string>;
  /**
   * Starts a run over the given data interval, `from` inclusive, `to` exclusive; each `from` can be used once.
   * @throws Error if `from` is before the DAG's start date: Airflow reports such a run as a success without running a task
   */
  trigger(dagId: string, from: Date, to: Date, conf?: Readonly<Record<string, unknown>>): Promise<DagRun>;
  /** Reruns all tasks of a finished run. */
  clear(dagId: string, runId: string): Promise<void>;
  unpause(dagId: string): Promise<void>;
  pause(dagId: string): Promise<void>;
  running(): boolean;
  stop(): Promise<void>;
  kill9(): Promise<void>;
}

/** @see https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html */
export function awsConnection(region: string, endpoints: Readonly<Record<string, string>>): string {
  const services = Object.entries(endpoints).map(([service, url]) => [service, { endpoint_url: url }]);
  return JSON.stringify({
    conn_type: 'aws',
    login: 'test',
    password: 'test',
    extra: { region_name: region, service_config: Object.fromEntries(services) },
  });
}

/** The same secret for all processes and for the next start; otherwise running tasks could not report their state. */
function secret(dir: string): string {
  const file = join(dir, 'jwt-secret');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8');
}

function environment(options: AirflowOptions, port: number, workerLogPort: number): NodeJS.ProcessEnv {
  const url = `http://${HOST}:${port}`;
  return {
    // Airflow runs the command `airflow` from the PATH.
    PATH: `${join(ENGINES, 'airflow', 'bin')}:${process.env.PATH}`,
    HOME: options.dir,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    AIRFLOW_HOME: options.dir,
    AIRFLOW__CORE__DAGS_FOLDER: options.dagsFolder,
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__EXECUTOR: 'LocalExecutor',
    AIRFLOW__CORE__PARALLELISM: String(options.parallelism ?? 2),
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION: 'False',
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True',
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `${url}/execution/`,
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: `sqlite:///${join(options.dir, DATABASE)}`,
    AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS: 'False',
    AIRFLOW__API__HOST: HOST,
    AIRFLOW__API__PORT: String(port),
    AIRFLOW__API__BASE_URL: url,
    AIRFLOW__API__WORKERS: '1',
    AIRFLOW__API_AUTH__JWT_SECRET: secret(options.dir),
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED: 'False',
    SCARF_ANALYTICS: 'false',
    AIRFLOW__LOGGING__LOGGING_LEVEL: 'WARNING',
    AIRFLOW__LOGGING__COLORED_CONSOLE_LOG: 'False',
    AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT: String(workerLogPort),
    AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT: String(workerLogPort),
    AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL: '300', // The default is 30 s; the files do not change.
    PYTHONWARNINGS: 'ignore',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_DEFAULT_REGION: options.region,
    AIRFLOW_CONN_AWS_DEFAULT: awsConnection(options.region, options.endpoints),
    ...options.env,
  };
}

/** An empty metadata database of this version. Making one takes 5 s, so further ones are copies. */
const NEW_DATABASE = join(ENGINES, 'airflow-database');

/** Makes the metadata database in `dir`, or migrates it to this version. */
async function migrate(airflow: string, dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const migrated = join(dir, 'migrated');
  const version = readFileSync(installed('airflow', STAMP), 'utf8');
  if (existsSync(migrated) && readFileSync(migrated, 'utf8') === version) return;
  const database = join(dir, DATABASE);
  const template = join(NEW_DATABASE, `${version}.db`);
  const isNew = !existsSync(database);
  if (isNew && existsSync(template)) copyAtomically(template, database);
  else {
    await promisify(execFile)(airflow, ['db', 'migrate'], { env, cwd: dir, maxBuffer: 1 << 26 });
    if (isNew) saveTemplate(database, template);
  }
  writeFileSync(migrated, version);
}

function saveTemplate(database: string, template: string): void {
  // SQLite has not written everything back: a copy would be half of a database.
  if (existsSync(`${database}-wal`)) return;
  mkdirSync(NEW_DATABASE, { recursive: true });
  copyAtomically(database, template);
}

/** Renames a finished copy into place, so concurrent runs never see a partial one. */
function copyAtomically(from: string, to: string): void {
  const draft = `${to}.${process.pid}`;
  copyFileSync(from, draft);
  renameSync(draft, to);
}

type Call = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** @throws Error with Airflow's message, if the response is not a success */
const caller =
  (url: string): Call =>
  async (method, path, body) => {
    const response = await fetch(`${url}/api/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`airflow: ${method} ${path} returned ${response.status}: ${text.slice(0, 500)}`);
    }
    return text === '' ? undefined : JSON.parse(text);
  };

interface Health {
  readonly metadatabase: { readonly status: string | null };
  readonly scheduler: { readonly status: string | null };
  readonly dag_processor: { readonly status: string | null };
}

/** Waits until every component is healthy and a DAG has been parsed. */
async function waitForDags(call: Call, processes: readonly Engine[], since: Date): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const dead = processes.find((process) => !process.running());
    if (dead !== undefined) {
      throw new Error(`airflow ended while starting: see ${dead.log}`);
    }
    const health = (await call('GET', '/monitor/health')) as Health;
    const healthy = [health.metadatabase, health.scheduler, health.dag_processor].every(
      (it) => it.status === 'healthy',
    );
    // Until all are healthy, further requests would take the processor from what starts.
    let parsed = 0;
    if (healthy) {
      const errors = (await call('GET', '/importErrors')) as {
        import_errors: { filename: string; stack_trace: string; timestamp: string }[];
      };
      // Import errors of an earlier start remain in the database until the file is parsed again.
      const fresh = errors.import_errors.find(({ timestamp }) => new Date(timestamp) >= since);
      if (fresh !== undefined) {
        const { filename, stack_trace: trace } = fresh;
        throw new Error(`airflow cannot import ${filename}:\n${trace}`);
      }
      parsed = ((await call('GET', '/dags?limit=1')) as { total_entries: number }).total_entries;
    }
    if (parsed > 0) return;
    if (Date.now() > deadline) {
      throw new Error(`airflow was not ready after 120 s: ${JSON.stringify(health)}, ${parsed} DAGs`);
    }
    await sleep(300);
  }
}

/**
 * Starts Apache Airflow (API server, scheduler, DAG processor; LocalExecutor on SQLite) and waits until it is healthy
 * and has parsed a DAG. Not `airflow standalone`, which leaves its children running when it gets a signal.
 * @throws Error with the stack trace of a DAG that cannot be imported; otherwise Error of one line, or with the end of the log
 */
export async function startAirflow(options: AirflowOptions): Promise<AirflowEngine> {
  const started = new Date();
  const airflow = installed('airflow', 'bin', 'airflow');
  const port = await claimPort('airflow', options.port);
  const url = `http://${HOST}:${port}`;
  mkdirSync(options.dir, { recursive: true });
  const env = environment(options, port, await freePort());
  const call = caller(url);
  const start = (process: string, ready?: () => Promise<boolean>) =>
    startEngine(
      () => supervise({ name: `airflow-${process}`, dir: options.dir, command: airflow, args: [process], env, ready }),
      {},
    );
  await migrate(airflow, options.dir, env);
  const processes: Engine[] = [];
  const each = async (action: (process: Engine) => Promise<void>) => {
    await Promise.all(processes.map(action));
  };
  try {
    // The API server first: a task that starts before it fails its first try.
    processes.push(await start('api-server', async () => (await fetch(`${url}/api/v2/monitor/health`)).ok));
    processes.push(...(await Promise.all([start('dag-processor'), start('scheduler')])));
    await waitForDags(call, processes, started);
  } catch (error) {
    await each((process) => process.kill9());
    throw error;
  }
  const dag = (dagId: string) => `/dags/${encodeURIComponent(dagId)}`;
  const run = (dagId: string, runId: string) => `${dag(dagId)}/dagRuns/${encodeURIComponent(runId)}`;
  return {
    url,
    env,
    logs: Object.fromEntries(['api-server', 'dag-processor', 'scheduler'].map((name, at) => [name, processes[at].log])),
    scheduler: processes[2],
    health: async () => {
      const components = (await call('GET', '/monitor/health')) as Record<string, { status: string | null } | null>;
      // There is no triggerer; its status is null.
      return Object.fromEntries(
        Object.entries(components).flatMap(([name, it]) => (it?.status ? [[name, it.status]] : [])),
      );
    },
    runs: async (dagId) => {
      const found = await call('GET', `${dag(dagId)}/dagRuns?order_by=-run_after&limit=100`);
      return (found as { dag_runs: DagRun[] }).dag_runs;
    },
    tasks: async (dagId, runId) => {
      const found = await call('GET', `${run(dagId, runId)}/taskInstances?limit=1000`);
      return (found as { task_instances: TaskInstance[] }).task_instances;
    },
    taskLog: async (dagId, runId, task) => {
      const path = `${run(dagId, runId)}/taskInstances/${encodeURIComponent(task.task_id)}/logs/${task.try_number}`;
      const log = await call('GET', `${path}?map_index=${task.map_index}`);
      return (log as { content: { event: string }[] }).content.map((line) => line.event).join('\n');
    },
    trigger: async (dagId, from, to, conf = {}) => {
      const { start_date: start } = (await call('GET', `${dag(dagId)}/details`)) as { start_date: string | null };
      if (start !== null && from < new Date(start)) {
        throw new Error(
          `airflow: the interval of a run of ${dagId} must start at ${start} or later, got ${from.toISOString()}`,
        );
      }
      return (await call('POST', `${dag(dagId)}/dagRuns`, {
        logical_date: from.toISOString(),
        data_interval_start: from.toISOString(),
        data_interval_end: to.toISOString(),
        conf,
      })) as DagRun;
    },
    clear: async (dagId, runId) => void (await call('POST', `${run(dagId, runId)}/clear`, { dry_run: false })),
    unpause: async (dagId) => void (await call('PATCH', `${dag(dagId)}?update_mask=is_paused`, { is_paused: false })),
    pause: async (dagId) => void (await call('PATCH', `${dag(dagId)}?update_mask=is_paused`, { is_paused: true })),
    running: () => processes.every((process) => process.running()),
    stop: () => each((process) => process.stop()),
    kill9: () => each((process) => process.kill9()),
  };
}
