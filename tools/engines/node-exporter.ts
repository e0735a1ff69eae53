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

/** Collectors with what MSK's node exporter is asked for. */
const COLLECTORS = ['cpu', 'filesystem', 'loadavg', 'meminfo'];

/** As the exporter's own list, without `overlay`: a container's root is one. */
const NO_DISKS =
  '^(autofs|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|mqueue|nsfs|proc|sysfs|tmpfs|tracefs)$';

export interface NodeExporterOptions {
  /** Put before the command, to run it elsewhere: `nsenter …`. @default - none */
  readonly launcher?: readonly string[];
  /** Types of file systems that are no disks, a pattern. @default - those that Linux makes up */
  readonly noDisks?: string;
}

/** Starts the exporter, or answers undefined where it is not installed. @param dir absolute folder for its log */
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

/** Where the file system is mounted that holds a folder. */
export function mountPointOf(folder: string): string {
  const above = dirname(folder);
  return above === folder || statSync(above).dev !== statSync(folder).dev ? folder : mountPointOf(above);
}
