/** The judge as a process: MiniStack with the extension in `emulator/`. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort, HOST, installed, supervise, type Supervised } from '../engines';
import { ROOT } from '../kit/root';
import { layRuntime, runtimeFolder } from '../local/aws/runtime-layout';
import { environment, type Finished, REGION, run } from './cdk';
import { GrafanaStub } from './grafana/stand-in';
import { type Order } from './options';
import { type Entry, parseRecord } from './record';

export interface Emulator {
  readonly endpoint: string;
  /** What the emulator takes for Managed Grafana. */
  readonly grafana: GrafanaStub;
  /** What happened to the app's resources until now. */
  record(): Entry[];
  /** Runs a module of the extension as a client, with the endpoint, the region and `args`. */
  client(module: string, ...args: readonly string[]): Promise<Finished>;
  stop(): Promise<void>;
}

/** @param dir folder of this run, absolute */
export async function startEmulator(dir: string, order: Order): Promise<Emulator> {
  const python = installed('rehearsal', 'bin', 'python');
  const port = await freePort();
  const endpoint = `http://${HOST}:${port}`;
  const file = join(dir, 'record.jsonl');
  // The emulator unpacks functions and layers into its temporary folder: outside of the project they find what there is in Lambda.
  const functions = runtimeFolder();
  // Its packages come without byte code, and compiling them takes most of a start.
  const compiled = join(ROOT, '.local', 'rehearsal', 'compiled');
  const modules = {
    PYTHONPATH: join(ROOT, 'tools', 'rehearsal'),
    PYTHONPYCACHEPREFIX: compiled,
    PYTHONUNBUFFERED: '1',
  };
  const grafana = await GrafanaStub.start(null);
  const emulator: Supervised = await supervise({
    name: 'emulator',
    dir,
    command: python,
    args: ['-m', 'emulator'],
    env: {
      ...modules,
      // Functions run on the first Node that is found.
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: dir,
      TMPDIR: functions.path,
      // What the emulator adds for the layers comes before.
      NODE_PATH: layRuntime(functions.path),
      BIND_HOST: HOST,
      GATEWAY_PORT: String(port),
      AUTH: 'true',
      IOT_MTLS_ENABLED: '0',
      REHEARSAL_RECORD: file,
      REHEARSAL_ORDER: order,
      REHEARSAL_REGION: REGION,
      REHEARSAL_GRAFANA: grafana.origin,
    },
    ready: async () => (await fetch(`${endpoint}/_ministack/health`)).ok,
  });
  return {
    endpoint,
    grafana,
    record: () => parseRecord(readFileSync(file, 'utf8')),
    client: (module, ...args) =>
      run(python, ['-m', `emulator.${module}`, endpoint, REGION, ...args], {
        cwd: dir,
        env: { ...environment(dir), ...modules },
        log: join(dir, `${module}.log`),
      }),
    stop: async () => {
      await emulator.stop();
      functions.remove();
      await grafana.stop();
    },
  };
}
