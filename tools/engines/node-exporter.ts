import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Engine, startEngine } from './engine';
import { HOST, freePort } from './ports';
import { findProgram } from './prometheus';
import { supervise } from './supervise';

/** A running node exporter: CPU, memory and file systems of this machine. */
export interface NodeExporter extends Engine {
  /** `127.0.0.1:PORT` */
  readonly address: string;
}

/** The collectors behind the metrics that are commonly read of MSK's node exporter. */
const COLLECTORS = ['cpu', 'filesystem', 'loadavg', 'meminfo'];

/** The exporter's default list without `overlay`, the type of a container's root. */
const NO_DISKS =
  '^(autofs|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|mqueue|nsfs|proc|sysfs|tmpfs|tracefs)$';

export interface NodeExporterOptions {
  /** Prefix of the command, to run it in another namespace: `nsenter …`. @default - none */
  readonly launcher?: readonly string[];
  /** Pattern of file system types that are not disks. @default - the virtual ones of Linux */
  readonly noDisks?: string;
}

/** Starts the exporter; undefined where it is not installed. @param dir absolute folder for its log */
export async function startNodeExporter(
  dir: string,
  { launcher = [], noDisks = NO_DISKS }: NodeExporterOptions = {},
): Promise<NodeExporter | undefined> {
  const command = findProgram('prometheus-node-exporter') ?? findProgram('node_exporter');
  if (command === undefined) return undefined;
  const [first, ...before] = [...launcher, command];
  const address = `${HOST}:${await freePort()}`;
  const start = () =>
    supervise({
      name: 'node-exporter',
      dir,
      command: first,
      args: [
        ...before,
        `--web.listen-address=${address}`,
        '--collector.disable-defaults',
        ...COLLECTORS.map((name) => `--collector.${name}`),
        `--collector.filesystem.fs-types-exclude=${noDisks}`,
        '--log.level=warn',
      ],
      ready: async () => (await fetch(`http://${address}/`)).ok,
    });
  return startEngine<NodeExporter>(start, { address });
}

/** The mount point of the file system that contains a folder. */
export function mountPointOf(folder: string): string {
  const above = dirname(folder);
  return above === folder || statSync(above).dev !== statSync(folder).dev ? folder : mountPointOf(above);
}
