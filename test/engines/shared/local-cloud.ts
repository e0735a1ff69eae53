import { GetObjectCommand } from '@aws-sdk/client-s3';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { type FunctionPlan, type LocalPlan } from '../../../tools/assembly/local-plan';
import { type LocalCloud, type LocalEngines, startLocalCloud } from '../../../tools/local/aws/local-cloud';
import { s3Client, type S3Engine, startS3 } from '../../../tools/engines';
import { sharedCassandra, sharedKafka } from '../support/shared-engines';

const CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/c/0-1';
let directory: string;
let s3: S3Engine;
let engines: LocalEngines;

function asset(name: string, files: Record<string, string>): string {
  const folder = join(directory, `asset-${name}`);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

const lambda = (name: string, code: string): FunctionPlan => ({
  path: `stack/${name}`,
  logicalId: `Steps${name}1A2B`,
  name,
  arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
  handler: 'index.handler',
  runtime: 'nodejs24.x',
  directory: asset(name, { 'index.js': code }),
  environment: {},
  memoryMb: 128,
  timeoutSeconds: 10,
  layers: [],
});

const api = (name: string, id: string, routeKey: string) => ({
  path: `stack/${name}Api`,
  logicalId: `${name}Api`,
  id,
  name,
  routes: [{ routeKey, functionName: name, timeoutMs: 10_000, iam: false }],
});

function planOf(received: string): LocalPlan {
  const path = 'stack/X';
  return {
    buckets: [
      { path, name: 'lake' },
      { path, name: 'dags' },
    ],
    deployments: [
      {
        path,
        bucket: 'dags',
        prefix: 'dags',
        sources: [{ directory: asset('dags', { 'pipeline.py': 'lake = "<<1>>"' }), markers: { '<<1>>': 'lake' } }],
      },
    ],
    clusters: [{ path, arn: CLUSTER }],
    topics: [
      {
        path,
        clusterArn: CLUSTER,
        name: 'posts',
        partitions: 2,
        replicationFactor: 1,
        configs: { 'message.timestamp.type': 'LogAppendTime' },
      },
    ],
    keyspaces: [{ path, name: 'views' }],
    tables: [
      {
        path,
        keyspace: 'views',
        name: 'rows',
        properties: {
          KeyspaceName: 'views',
          TableName: 'rows',
          PartitionKeyColumns: [{ ColumnName: 'id', ColumnType: 'text' }],
        },
      },
    ],
    functions: [
      lambda('ingest', `exports.handler = async (event) => ({ statusCode: 202, body: event.body });`),
      lambda('query', `exports.handler = async () => process.env;`),
      lambda(
        'archive',
        `exports.handler = async (event) => {
          const values = Object.values(event.records).flat().map(({ value }) => Buffer.from(value, 'base64').toString());
          require('node:fs').appendFileSync(${JSON.stringify(received)}, values.map((value) => value + '\\n').join(''));
        };`,
      ),
    ],
    eventSources: [
      {
        path,
        logicalId: 'Mapping',
        functionName: 'archive',
        clusterArn: CLUSTER,
        topics: ['posts'],
        consumerGroup: 'archive',
        enabled: true,
        startingPosition: 'TRIM_HORIZON',
        batchSize: 10,
        windowSeconds: 0,
      },
    ],
    schedules: [],
    apis: [api('ingest', 'aaa', 'POST /posts'), api('query', 'bbb', 'GET /health')],
    applications: [],
    jobRoles: [],
    alarms: [],
    compositeAlarms: [],
    dashboards: [],
    environments: [
      {
        path,
        name: 'airflow',
        bucket: 'dags',
        dagPath: 'dags',
        configuration: { 'pipeline.config': '{}' },
        executionRole: 'r',
      },
    ],
    outputs: { IngestUrl: 'https://aaa.execute-api.x', QueryUrl: 'https://bbb.execute-api.x' },
    ignored: [],
  };
}

const start = (plan: LocalPlan): Promise<LocalCloud> =>
  startLocalCloud(plan, engines, {
    directory: join(directory, 'cloud'),
    sparkCommand: { command: 'false', args: [], env: {} },
  });

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await sleep(20);
  }
}

describe('the local cloud', () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'local-cloud-'));
    s3 = await startS3({ dir: join(directory, 's3'), persistent: false });
    engines = { kafka: sharedKafka(), cassandra: sharedCassandra(), s3 };
  });

  afterAll(async () => {
    await s3?.kill9();
    rmSync(directory, { recursive: true, force: true });
  });

  test('what a plan says is there: APIs, buckets with their files, tables, topics, functions fed in the end by the topic', async () => {
    const received = join(directory, 'received');
    const cloud = await start(planOf(received));
    const lines = () => (existsSync(received) ? readFileSync(received, 'utf8').trim().split('\n') : []);
    try {
      const taken = await fetch(`${cloud.ingestUrl}/posts`, {
        method: 'POST',
        body: 'hi',
        headers: { 'content-type': 'text/plain' },
      });
      expect([taken.status, await taken.text()]).toEqual([202, 'hi']);

      const environment = (await (await fetch(`${cloud.queryUrl}/health`)).json()) as Record<string, string>;
      expect(environment).toMatchObject({
        AWS_ENDPOINT_URL_S3: s3.endpoint,
        AWS_ENDPOINT_URL_KAFKA: cloud.controlUrl,
        AWS_ENDPOINT_URL_KEYSPACES: sharedCassandra().endpointUrl,
      });

      const client = s3Client(s3.endpoint);
      const object = await client.send(new GetObjectCommand({ Bucket: 'dags', Key: 'dags/pipeline.py' }));
      expect(await object.Body?.transformToString()).toBe('lake = "lake"');
      client.destroy();
      expect(readFileSync(join(cloud.dagsFolder, 'pipeline.py'), 'utf8')).toBe('lake = "lake"');
      expect(cloud.airflowEnv).toEqual({ AIRFLOW__PIPELINE__CONFIG: '{}' });
      expect(cloud.airflowEndpoints).toEqual({
        lambda: cloud.controlUrl,
        'emr-serverless': cloud.controlUrl,
        s3: s3.endpoint,
      });

      const superuser = sharedCassandra().superuser();
      expect((await superuser.execute('SELECT id FROM views.rows')).rowLength).toBe(0);
      await superuser.shutdown();

      const producer = new Kafka({ brokers: [sharedKafka().plainBrokers], logLevel: logLevel.NOTHING }).producer();
      await producer.connect();
      const send = (value: string) => producer.send({ topic: 'posts', messages: [{ key: 'k', value }] });
      await send('one');
      await until('the first record', () => lines().includes('one'));

      // The function's process dies: the event source tries again, with a new one.
      const { archive } = cloud.processes();
      expect(cloud.kill9('archive')).toBe(true);
      await send('two');
      await until('the second record', () => lines().includes('two'));
      expect(cloud.processes().archive.pid).not.toBe(archive.pid);
      await until('lag 0', async () => Object.values((await cloud.lag()).Stepsarchive1A2B).every((lag) => lag === 0));
      // At least once: the batch that was under way when the process died comes again.
      expect([...new Set(lines())]).toEqual(['one', 'two']);
      await producer.disconnect();

      expect(await cloud.invoke('ingest', { body: 'x' })).toEqual({ statusCode: 202, body: 'x' });
      await expect(cloud.invoke('archive', {})).rejects.toThrow('Stepsarchive1A2B: TypeError');
    } finally {
      await cloud.stop();
    }
    await expect(fetch(cloud.ingestUrl)).rejects.toThrow('fetch failed');
  });

  test('a plan that cannot be brought up is an error, and leaves nothing running', async () => {
    const plan = planOf(join(directory, 'none'));
    await expect(start({ ...plan, outputs: { ...plan.outputs, QueryUrl: 'https://ccc.x' } })).rejects.toThrow(
      "output QueryUrl must be the URL of an HTTP API of the templates, got 'https://ccc.x'",
    );
    const topics = plan.topics.map((topic) => ({ ...topic, replicationFactor: 3 }));
    await expect(start({ ...plan, topics })).rejects.toThrow(
      'stack/X: ReplicationFactor must be 1 in a local run, got 3',
    );
    await expect(start({ ...plan, environments: [] })).rejects.toThrow(
      'the local run needs one Airflow environment, the templates have none',
    );
  });
});
