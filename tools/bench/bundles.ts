/**
 * Size and load time of the functions that clients call, from the assets that synth builds. Each load is a new process, which finds the
 * modules that there are in Lambda and no others.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cdkSynth } from '../assembly/cdk-synth';
import { readCloudAssembly } from '../assembly/cloud-assembly';
import { layOut, type RuntimeLayout } from '../local/aws/runtime-layout';
import { median } from './measure';
import { type Figure, type Report } from './report';

const run = promisify(execFile);

const BUDGETS = {
  ingest: { kilobytes: 320, milliseconds: 80 },
  query: { kilobytes: 420, milliseconds: 70 },
} as const;
type Step = keyof typeof BUDGETS;

/** Loads the asset as the runtime does, then what its first request would load: the clients are required only then. */
const LOAD = `
const before = process.cpuUsage();
const started = performance.now();
const { handler } = require(process.argv[1]);
const loaded = performance.now() - started;
const { user, system } = process.cpuUsage(before);
const cpu = (user + system) / 1000;
const net = require('node:net');
let connected;
net.Socket.prototype.connect = function () {
  connected ??= performance.now() - started;
  return this;
};
const done = () => { console.log(JSON.stringify({ loaded, cpu, connected })); process.exit(0); };
setTimeout(done, 400);
Promise.resolve(handler(JSON.parse(process.argv[2]))).catch(() => undefined);
`;

interface Load {
  /** Milliseconds until the handler could be called. */
  readonly loaded: number;
  /** CPU milliseconds of that, which depend less on other load of the machine. */
  readonly cpu: number;
  /** Milliseconds until the first request opened a connection. */
  readonly connected?: number;
}

const request = (method: string, rawPath: string, body?: string) =>
  JSON.stringify({ rawPath, body, headers: {}, isBase64Encoded: false, requestContext: { http: { method } } });

const FIRST: Readonly<Record<Step, string>> = {
  ingest: request('POST', '/posts', '{"pin":{"index":1,"category":"art"}}'),
  query: request('GET', '/views/posts_by_category'),
};

/** An environment in which the first request opens a connection; nothing listens there. */
const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_ENDPOINT_URL_KEYSPACES: 'cassandra://app:app@127.0.0.1:9',
};

export interface Asset {
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** The path of the function's asset. @throws Error if there is none or more than one */
export function assetOf(assembly: string, step: Step): Asset {
  const { stacks, assets } = readCloudAssembly(assembly);
  const found = stacks.flatMap(({ template }) =>
    Object.entries(template.Resources ?? {}).flatMap(([id, { Type, Properties }]) =>
      Type === 'AWS::Lambda::Function' && id.toLowerCase().startsWith(`steps${step}function`) ? [Properties!] : [],
    ),
  );
  if (found.length !== 1) throw new Error(`${found.length} functions '${step}' in ${assembly}`);
  const [{ Code, Environment }] = found as [{ Code: { S3Key: string }; Environment?: { Variables?: object } }];
  const asset = assets.get(Code.S3Key);
  if (!asset) throw new Error(`the code of ${step}, ${Code.S3Key}, is no asset of ${assembly}`);
  // References to other resources have no value before deployment: any text suffices to load.
  const variables = Object.fromEntries(
    Object.entries(Environment?.Variables ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'arn:aws:x',
    ]),
  );
  return { directory: asset.path, variables };
}

async function load(step: Step, { variables }: Asset, { task, nodePath }: RuntimeLayout): Promise<Load> {
  const env = { PATH: process.env.PATH, ...variables, ...ENVIRONMENT, NODE_PATH: nodePath };
  const { stdout } = await run(process.execPath, ['-e', LOAD, join(task, 'index.js'), FIRST[step]], { cwd: task, env });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Load;
}

async function figuresOf(step: Step, asset: Asset, rounds: number): Promise<Figure[]> {
  const layout = layOut({ directory: asset.directory, layers: [] });
  const loads: Load[] = [];
  try {
    // The first reads the file from the disk.
    await load(step, asset, layout);
    for (let round = 0; round < rounds; round++) loads.push(await load(step, asset, layout));
  } finally {
    layout.remove();
  }
  const { kilobytes, milliseconds } = BUDGETS[step];
  const connected = loads.flatMap((each) => each.connected ?? []);
  return [
    {
      what: `${step}: size`,
      value: statSync(join(asset.directory, 'index.js')).size / 1024,
      unit: 'KB',
      goal: { atMost: kilobytes },
    },
    {
      what: `${step}: load`,
      value: median(loads.map(({ loaded }) => loaded)),
      unit: 'ms',
      goal: { atMost: milliseconds },
    },
    { what: `${step}: load, CPU`, value: median(loads.map(({ cpu }) => cpu)), unit: 'ms' },
    ...(connected.length > 0
      ? [{ what: `${step}: load until the first request connects`, value: median(connected), unit: 'ms' }]
      : []),
  ];
}

/** @param assembly an existing one; otherwise stage dev is synthesized */
export async function bundles({ rounds }: { rounds: number } = { rounds: 11 }, assembly?: string): Promise<Report> {
  const directory = assembly ?? mkdtempSync(join(tmpdir(), 'bench-bundles-'));
  try {
    if (assembly === undefined) {
      await cdkSynth({ stage: 'dev' }, directory);
    }
    const figures: Figure[] = [];
    for (const step of ['ingest', 'query'] as const) {
      figures.push(...(await figuresOf(step, assetOf(directory, step), rounds)));
    }
    return {
      bench: 'bundles',
      setting: `the assets of a synth of stage dev, ${rounds} loads in processes of their own, without the AWS SDK`,
      figures,
    };
  } finally {
    if (assembly === undefined) rmSync(directory, { recursive: true, force: true });
  }
}
