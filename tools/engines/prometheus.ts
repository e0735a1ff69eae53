import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Engine, startEngine } from './engine';
import { HOST, claimPort } from './ports';
import { supervise } from './supervise';

/** The message where Prometheus is missing: it is the one engine that the installer takes from the system's packages. */
export const PROMETHEUS_HINT =
  'no Prometheus: apt-get install prometheus prometheus-node-exporter (Debian, Ubuntu), brew install prometheus (macOS)';

/** @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config */
export interface ScrapeJob {
  readonly job_name: string;
  readonly [setting: string]: unknown;
}

export interface PrometheusOptions {
  /** Absolute folder for data, configuration and log. */
  readonly dir: string;
  /** @default - a free port */
  readonly port?: number;
  readonly jobs: readonly ScrapeJob[];
  /** Files with recording and alert rules, absolute. */
  readonly ruleFiles: readonly string[];
  /** Seconds between two scrapes, and between two evaluations of the rules. @default 5 */
  readonly intervalSeconds?: number;
}

/** A running Prometheus server. */
export interface PrometheusEngine extends Engine {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
}

/** The path of the first program of that name on the PATH, or undefined. */
export function findProgram(name: string, path: string = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Prometheus' configuration as JSON, which is YAML. */
export function prometheusConfig({ jobs, ruleFiles, intervalSeconds = 5 }: Omit<PrometheusOptions, 'dir'>): string {
  const interval = `${intervalSeconds}s`;
  const global = { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval };
  return JSON.stringify({ global, rule_files: ruleFiles, scrape_configs: jobs }, null, 2);
}

/**
 * Starts Prometheus and waits until it is ready. Data of earlier runs is deleted: their time series are of other ports and
 * processes.
 * @throws Error of one line (not installed, port in use, folder in use), or with the end of the log
 */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusEngine> {
  const command = findProgram('prometheus');
  if (command === undefined) throw new Error(PROMETHEUS_HINT);
  const { dir } = options;
  const port = await claimPort('prometheus', options.port);
  const url = `http://${HOST}:${port}`;
  const data = join(dir, 'data');
  const config = join(dir, 'prometheus.json');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  writeFileSync(config, prometheusConfig(options));
  const start = () =>
    supervise({
      name: 'prometheus',
      dir,
      command,
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        '--storage.tsdb.retention.time=1d',
        `--web.listen-address=${HOST}:${port}`,
        '--log.level=warn',
      ],
      ready: async () => (await fetch(`${url}/-/ready`)).ok,
    });
  return startEngine<PrometheusEngine>(start, { url, port });
}
