/** What a proof does when something fails; the e2e test has one in which everything holds. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../../lib/config';
import { ACTIONS, type Account } from '../../../../tools/preflight/account';
import { type ProofAccount } from '../../../../tools/prove/account';
import { type Proof, prove } from '../../../../tools/prove/prove';
import { synthesized } from '../../../support/synth';

const SETTINGS = { removal: 'destroy' };
const CONFIG = loadConfig({ ...SETTINGS, stage: 'lean' });

/** A new account in which the deployment fits. */
const READY: Partial<Account> = {
  region: () => Promise.resolve('eu-west-1'),
  caller: () => Promise.resolve({ account: '111111111111', arn: 'arn:aws:iam::111111111111:user/ann' }),
  bootstrapVersion: () => Promise.resolve(30),
  zones: () => Promise.resolve(['a', 'b']),
  zonesOffering: () => Promise.resolve(['a', 'b']),
  kafkaVersions: () => Promise.resolve(['4.1.x.kraft']),
  emrReleases: () => Promise.resolve(['emr-7.13.0']),
  quota: () => Promise.resolve(1_000),
  clusters: () => Promise.resolve([]),
  addresses: () => Promise.resolve(0),
  vpcs: () => Promise.resolve(0),
  gatewayEndpoints: () => Promise.resolve(0),
  unreservedConcurrency: () => Promise.resolve(1_000),
  partitioner: () => Promise.resolve('org.apache.cassandra.dht.Murmur3Partitioner'),
  roleExists: () => Promise.resolve(true),
  stackStatus: () => Promise.resolve(undefined),
  importers: () => Promise.resolve([]),
  nameTaken: () => Promise.resolve(false),
};

const unexpected = (what: string) => () => Promise.reject(new Error(`${what} was not expected`));
const account = (methods: Partial<Account>) =>
  ({
    ...Object.fromEntries(Object.keys(ACTIONS).map((name) => [name, unexpected(name)])),
    ...READY,
    ...methods,
  }) as unknown as Account;

interface Given {
  readonly preflight?: Partial<Account>;
  /** Names of the commands of CDK that fail. */
  readonly failing?: readonly string[];
  readonly tagged?: ProofAccount['tagged'];
}

let directory: string;
beforeAll(() => {
  ({ directory } = synthesized({ ...SETTINGS, stage: 'lean' }));
}, 120_000);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'prove-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function run({ preflight = {}, failing = [], tagged = () => Promise.resolve([]) }: Given) {
  const called: string[] = [];
  const commands: Proof['commands'] = {
    synth: (_, output) => Promise.resolve(cpSync(directory, output, { recursive: true })),
    cdk: (name) => {
      called.push(name);
      return Promise.resolve(failing.includes(name) ? { code: 1, output: '❌ it failed' } : { code: 0, output: '' });
    },
  };
  const report = await prove({
    ...{
      config: CONFIG,
      settings: SETTINGS,
      rate: 10,
      hours: 1,
      region: 'eu-west-1',
      commit: 'abc1234',
      dir,
      commands,
    },
    ...{ env: {}, say: () => undefined, pollMs: 1, listedMs: 10, preflight: account(preflight) },
    account: {
      output: unexpected('output'),
      drift: unexpected('drift'),
      testAlarms: () => Promise.resolve({ all: ['a', 'b'], arrived: ['a'] }),
      bill: unexpected('bill'),
      tagged,
    },
    dataPlane: () => Promise.reject(new Error('the APIs do not respond\nat …')),
  });
  const failed = report.checks.flatMap(({ name, problem }) => (problem === '' ? [] : [`${name}: ${problem}`]));
  return { report, called, failed };
}

const PREFLIGHT = 'the account has what the deployment needs, and is bootstrapped';

test.each<[string, Partial<Account>, string]>([
  [
    'does not have what is needed',
    { bootstrapVersion: () => Promise.resolve(undefined) },
    'FAIL  bootstrap: the region is not bootstrapped → run: npx cdk bootstrap',
  ],
  [
    'already has the stage, which would be deleted',
    { stackStatus: (name) => Promise.resolve(name.endsWith('storage') ? 'UPDATE_COMPLETE' : undefined) },
    'stack pinterest-lean-storage exists, and would be deleted: set another -c project=…',
  ],
])('nothing is deployed or deleted where the account %s', async (_, preflight, problem) => {
  const { report, called, failed } = await run({ preflight });
  expect(failed).toEqual([`${PREFLIGHT}: ${problem}`]);
  expect(called).toEqual([]);
  expect(report.deployedHours).toBe(0);
});

test('a stage that could not be deployed is deleted', async () => {
  const { called, failed } = await run({ failing: ['deploy'] });
  expect(failed).toEqual(['every stack is created: ❌ it failed']);
  expect(called).toEqual(['deploy', 'destroy']);
});

test('a check that does not hold stops no other, and the stage is deleted', async () => {
  const { report, called, failed } = await run({ failing: ['update'], tagged: () => Promise.resolve(['arn:x']) });
  expect(failed).toEqual([
    'every acknowledged post is in both layers, once; drift is 0: the APIs do not respond',
    'each alarm that notifies reaches the topic, and a subscriber of it: b did not arrive',
    'it can be updated: archiveWindowSeconds=45, sparkIdleMinutes=7: ❌ it failed',
    'nothing is left: 1 resources are left',
  ]);
  expect(called).toEqual(['deploy', 'update', 'destroy']);
  expect(report).toMatchObject({ alarms: ['a'], left: ['arn:x'] });
});
