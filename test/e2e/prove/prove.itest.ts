/**
 * `npm run prove` without an account: its control plane is the emulator of the rehearsal, its data plane a local run whose APIs
 * verify signatures.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { MINUTE } from '../../../lambda/domain/time';
import { loadConfig } from '../../../lib/config';
import { locate } from '../../../lib/templates';
import { readCloudAssembly } from '../../../tools/assembly/cloud-assembly';
import { ACCOUNT as LOCAL, REGION } from '../../../tools/assembly/local-account';
import { CREDENTIALS } from '../../../tools/local/aws/sigv4';
import { bringUp, type Running } from '../../../tools/local/run/bring-up';
import { startClock } from '../../../tools/local/run/clock';
import { signerFor } from '../../../tools/loadgen/sign';
import { type Account } from '../../../tools/preflight/account';
import { awsAccount } from '../../../tools/preflight/aws';
import { type ProofAccount, proofAccount } from '../../../tools/prove/account';
import { prove } from '../../../tools/prove/prove';
import { readReport, type Report, writeReport } from '../../../tools/prove/report';
import { cdk, environment } from '../../../tools/rehearsal/cdk';
import { type Emulator, startEmulator } from '../../../tools/rehearsal/emulator';

const RATE = 20;
const HOURS = 1 / 120;
const POSTS = RATE * HOURS * 3_600;
const SETTINGS = { removal: 'destroy' };

/** The account as the emulator answers, and in place of what it lacks: quotas, offers, lists of MSK, CQL, service-linked roles. */
const accountOf = (emulated: Account): Account => ({
  ...emulated,
  quota: () => Promise.resolve(1_000),
  kafkaVersions: () => Promise.resolve(['4.1.x.kraft']),
  zonesOffering: () => Promise.resolve(['a', 'b', 'c'].map((zone) => REGION + zone)),
  partitioner: () => Promise.resolve('org.apache.cassandra.dht.Murmur3Partitioner'),
  emrReleases: () => Promise.resolve(['emr-7.13.0']),
  roleExists: () => Promise.resolve(true),
  clusters: () => Promise.resolve([]),
  nameTaken: (type, name) => (type.startsWith('AWS::MSK::') ? Promise.resolve(false) : emulated.nameTaken(type, name)),
});

const before = { ...process.env };
/** Shows how far a test of minutes is. */
const say = (line: string) => void process.stderr.write(`${line}\n`);
/**
 * The emulator accepts alarms without effect: those that notify, and that of the drift, are made here as the templates name them.
 * @param assembly the folder that was deployed
 */
async function makeAlarms(cloudWatch: CloudWatchClient, assembly: string, topic: string): Promise<void> {
  for (const { id, properties } of locate(readCloudAssembly(assembly).stacks)) {
    const { AlarmName, CompositeAlarmName, AlarmActions } = properties as Readonly<Record<string, string | undefined>>;
    const name = AlarmName ?? CompositeAlarmName;
    const drifts = id.startsWith('Alarmsdrift');
    if (name === undefined || (AlarmActions === undefined && !drifts)) continue;
    const metric = { Namespace: 'N', MetricName: id, ...(drifts ? properties : {}) };
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        ...{ ...metric, AlarmName: name, AlarmActions: AlarmActions === undefined ? [] : [topic] },
        ...{ Statistic: 'Sum', Period: 300, EvaluationPeriods: 1, Threshold: 0 },
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    );
  }
}

let directory: string;
let emulator: Emulator;
let running: Running;
let report: Report;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'prove-'));
  const dir = join(directory, 'proof');
  mkdirSync(dir);
  Object.assign(process.env, { AWS_REGION: REGION, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  emulator = await startEmulator(dir, 'forward');
  const env = environment(dir, emulator.endpoint);
  const bootstrapped = await cdk('bootstrap', ['bootstrap', `aws://${LOCAL}/${REGION}`], { dir, env });
  expect(bootstrapped.code).toBe(0);
  running = await bringUp({ directory, clock: startClock(say), say, overrides: { auth: 'iam' } });
  await running.startOrchestration();
  const { ingestUrl: ingest, queryUrl: query } = running.cloud;
  const config = loadConfig({ ...SETTINGS, stage: 'lean' });
  const sign = signerFor(new URL(ingest), CREDENTIALS);
  const account = proofAccount(config, emulator.endpoint);
  const cloudWatch = new CloudWatchClient({ region: REGION, endpoint: emulator.endpoint });
  // The functions of the data plane report to the local run: what they reported is passed on.
  const drift: ProofAccount['drift'] = async (from, to) => {
    await expect(account.drift(from, to)).rejects.toThrow('reconcile reported no drift');
    const Value = running.cloud.counters().reconcile.totalDrift;
    const MetricData = [{ MetricName: 'totalDrift', Dimensions: [{ Name: 'step', Value: 'reconcile' }], Value }];
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'PinterestPipeline/pinterest-lean', MetricData }));
    return account.drift(from, to + MINUTE);
  };
  report = await prove({
    ...{ config, settings: SETTINGS, rate: RATE, hours: HOURS, region: REGION, commit: 'a test', dir, env, say },
    preflight: accountOf(awsAccount(REGION, emulator.endpoint)),
    account,
    dataPlane: async () => {
      await makeAlarms(cloudWatch, join(dir, 'assembly'), await account.output('AlarmTopic'));
      return { ingest, query, sign, drift };
    },
    // Of stage local, which the data plane is.
    intervalMinutes: 1,
    pollMs: 1_000,
    listedMs: 20_000,
  });
}, 1_500_000);

afterAll(async () => {
  process.env = before;
  await running?.stop();
  await emulator?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 120_000);

test('every check holds', () => {
  expect(report.checks.map(({ name, problem }) => `${name}: ${problem}`)).toEqual(
    [
      'the templates pass every rule',
      'the account has what the deployment needs, and is bootstrapped',
      'every stack is created',
      'every acknowledged post is in both layers, once; drift is 0',
      'each alarm that notifies reaches the topic, and a subscriber of it',
      'it can be updated: archiveWindowSeconds=45, sparkIdleMinutes=7',
      'every stack is deleted',
      'nothing is left',
    ].map((name) => `${name}: `),
  );
});

test('posts were signed, and the API accepts no others', async () => {
  expect(report.sent?.posts).toBe(POSTS);
  const { ingestUrl, queryUrl } = running.cloud;
  const unsigned = [fetch(`${ingestUrl}/posts`, { method: 'POST', body: '{}' }), fetch(`${queryUrl}/boundary`)];
  expect((await Promise.all(unsigned)).map(({ status }) => status)).toEqual([403, 403]);
});

test('every alarm that notifies was seen to arrive', () => {
  expect(report.alarms).toEqual(
    expect.arrayContaining(['pinterest-lean-answers-may-be-wrong', 'pinterest-lean-kafka-disk']),
  );
});

test('the report says what the run saw', () => {
  const file = writeReport(join(directory, 'reports'), report);
  expect(readReport(join(directory, 'reports'), report.started.slice(0, 10), 'lean')).toEqual(
    JSON.parse(JSON.stringify(report)),
  );
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('8 checks held, 0 did not.');
  expect(text).toContain(`${POSTS} posts acknowledged, `);
  expect(text).toContain('Billed: not known yet');
});
