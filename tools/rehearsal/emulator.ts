/** Runs the AWS emulator as a process: MiniStack with the validator in `emulator/`. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort, HOST, installed, supervise, type Supervised } from '../engines';
import { ROOT } from '../kit/root';
import { type Ended, runToEnd } from '../kit/run-to-end';
import { layRuntime, runtimeFolder } from '../local/aws/runtime-layout';
import { REGION } from '../assembly/local-account';
import { environment } from './cdk';
import { FakeGrafana } from './grafana/fake';
import { type Order } from './options';
import { type Entry, parseRecord } from './record';

export interface Emulator {
  readonly endpoint: string;
  /** The fake of Managed Grafana that the emulator uses. */
  readonly grafana: FakeGrafana;
  /** The changes of the app's resources so far. */
  record(): Entry[];
  /** Runs a module of the extension as a client, with the endpoint, the region and `args`. */
  client(module: string, ...args: readonly string[]): Promise<Ended>;
  stop(): Promise<void>;
}

/** @param dir folder of this run, absolute */
export async function startEmulator(dir: string, order: Order): Promise<Emulator> {
  const python = installed('rehearsal', 'bin', 'python');
  const port = await freePort();
  const endpoint = `http://${HOST}:${port}`;
  const file = join(dir, 'record.jsonl');
  // The emulator unpacks functions and layers into its temporary folder, outside the project.
  // So they resolve the same modules as in Lambda.
  const functions = runtimeFolder();
  // The Python packages have no byte code, and most of the start time is their compilation.
  const compiled = join(ROOT, '.local', 'rehearsal', 'compiled');
  const modules = {
    PYTHONPATH: join(ROOT, 'tools', 'rehearsal'),
    PYTHONPYCACHEPREFIX: compiled,
    PYTHONUNBUFFERED: '1',
  };
  const grafana = await FakeGrafana.start(null);
  const emulator: Supervised = await supervise({
    name: 'emulator',
    dir,
    command: python,
    args: ['-m', 'emulator'],
    env: {
      ...modules,
      // Functions run on the first Node in the path.
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: dir,
      TMPDIR: functions.path,
      // The emulator puts the folders of layers before it.
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
      runToEnd(python, ['-m', `emulator.${module}`, endpoint, REGION, ...args], {
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
