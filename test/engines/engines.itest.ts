import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Client, types } from 'cassandra-driver';
import { type KafkaConfig, Kafka, logLevel } from 'kafkajs';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type CassandraEngine,
  type KafkaEngine,
  s3Client,
  type S3Engine,
  sparkCommand,
  startAirflow,
  startCassandra,
  startKafka,
  startS3,
} from '../../tools/engines';

jest.setTimeout(180_000);

const dir = mkdtempSync(join(tmpdir(), 'engines-'));
const engines: { kill9(): Promise<void> }[] = [];

/** Remembers an engine, so that it ends with the tests of its kind even when one fails half-way. */
async function kept<T extends { kill9(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const engine = await starting;
  engines.push(engine);
  return engine;
}

/** An engine that nobody asks anything takes its part of the processor all the same. */
const endAll = () => Promise.all(engines.splice(0).map((engine) => engine.kill9()));

afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function until<T>(what: string, attempt: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(200)) {
    const result = await attempt();
    if (result !== undefined) {
      return result;
    }
  }
  throw new Error(`waited ${seconds} s in vain for ${what}`);
}

/** An unsigned token, as the broker's unsecured validator takes it. */
function token(expiresIn: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none' })}.${part({ sub: 'test', iat: now - 60, exp: now + expiresIn })}.`;
}

function kafkaClient(brokers: string, extra: Partial<KafkaConfig>): Kafka {
  return new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { retries: 0 }, ...extra });
}

const sasl = (expiresIn: number): Partial<KafkaConfig> => ({
  sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token(expiresIn) }) },
});

async function send(kafka: Kafka, value: string): Promise<string | undefined> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 3 } });
  await producer.connect();
  try {
    const [{ baseOffset }] = await producer.send({
      topic: 'posts',
      acks: -1,
      messages: [{ key: '1', value, partition: 0 }],
    });
    return baseOffset;
  } finally {
    await producer.disconnect();
  }
}

describe('Kafka', () => {
  afterAll(endAll);
  let first: KafkaEngine;
  let second: KafkaEngine;

  beforeAll(async () => {
    [first, second] = await Promise.all(
      ['kafka-1', 'kafka-2'].map((name) => kept(startKafka({ dir: join(dir, name) }))),
    );
    await first.createTopic('posts', 2, { 'message.timestamp.type': 'LogAppendTime' });
  });

  it('takes posts from clients that authenticate with OAUTHBEARER, as with MSK IAM', async () => {
    expect(await send(kafkaClient(first.brokers, sasl(300)), 'one')).toBe('0');
  });

  it('refuses an expired token, and a client without one', async () => {
    for (const config of [sasl(-30), {}]) {
      const admin = kafkaClient(first.brokers, config).admin();
      const asking = admin.connect().then(() => admin.listTopics());
      await expect(asking).rejects.toThrow();
      await admin.disconnect();
    }
  });

  it('creates no topic that nobody asked for', async () => {
    const producer = kafkaClient(first.plainBrokers, {}).producer();
    await producer.connect();
    await expect(producer.send({ topic: 'misspelt', messages: [{ value: 'x' }] })).rejects.toThrow();
    await producer.disconnect();
  });

  it('adds partitions to a topic, keeps its configuration, and cannot take partitions away', async () => {
    await first.createTopic('posts', 4, { 'message.timestamp.type': 'LogAppendTime' });
    await expect(first.createTopic('posts', 1)).rejects.toThrow('topic posts has 4 partitions, 1 are wanted');
    const admin = kafkaClient(first.plainBrokers, {}).admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: 'posts', configNames: ['message.timestamp.type'] }],
    });
    expect(resources[0].configEntries[0].configValue).toBe('LogAppendTime');
    expect((await admin.fetchTopicOffsets('posts')).length).toBe(4);
    await admin.disconnect();
  });

  it('answers nothing while it is frozen, and goes on afterwards', async () => {
    first.suspend();
    // On a busy machine its threads take a moment to stop.
    await new Promise((resolve) => setTimeout(resolve, 250));
    const kafka = kafkaClient(first.plainBrokers, { connectionTimeout: 500, requestTimeout: 500 });
    await expect(send(kafka, 'lost')).rejects.toThrow();
    first.resume();
    expect(await send(kafkaClient(first.plainBrokers, {}), 'two')).toBe('1');
  });

  it('has everything after kill -9, on the same port, beside another broker that noticed nothing', async () => {
    const { port } = first;
    await first.kill9();
    expect(first.running()).toBe(false);
    expect(second.running()).toBe(true);
    await first.restart();
    expect(first.port).toBe(port);
    expect(await send(kafkaClient(first.brokers, sasl(300)), 'three')).toBe('2');
  });
});

describe('Cassandra', () => {
  const column = (ColumnName: string, ColumnType: string) => ({ ColumnName, ColumnType });
  const keyspace = { KeyspaceName: 'pipeline' };
  const table = {
    ...keyspace,
    TableName: 'speed_views',
    PartitionKeyColumns: [column('view_name', 'text'), column('interval_start', 'timestamp')],
    ClusteringKeyColumns: [{ Column: column('kafka_partition', 'int') }],
    RegularColumns: [column('applied_offset', 'bigint')],
    DefaultTimeToLive: 3600,
  };
  const clients: Client[] = [];
  let first: CassandraEngine;
  beforeAll(async () => {
    first = await kept(startCassandra({ dir: join(dir, 'cassandra-1'), persistent: true, region: 'us-east-1' }));
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.shutdown()));
    await endAll();
  });
  const client = (endpoint: string) => {
    const { username, password, host } = new URL(endpoint);
    const created = new Client({
      contactPoints: [host],
      localDataCenter: 'us-east-1',
      credentials: { username, password },
      queryOptions: { prepare: true, consistency: types.consistencies.localQuorum },
    });
    clients.push(created);
    return created;
  };
  const key = ['posts_by_country', new Date('2026-11-22T21:00:00Z'), 3] as const;
  const where = 'WHERE view_name = ? AND interval_start = ? AND kafka_partition = ?';

  it('keeps rows through kill -9, refuses what Keyspaces refuses, and follows the schema of the template', async () => {
    await first.applySchema([keyspace], [table]);
    const app = client(first.endpointUrl);
    const insert =
      'INSERT INTO pipeline.speed_views (view_name, interval_start, kafka_partition, applied_offset) VALUES (?, ?, ?, ?) IF NOT EXISTS';
    expect((await app.execute(insert, [...key, 41])).wasApplied()).toBe(true);
    expect((await app.execute(insert, [...key, 42])).wasApplied()).toBe(false);

    for (const refused of [
      'SELECT count(*) FROM pipeline.speed_views WHERE applied_offset = 1 ALLOW FILTERING',
      'SELECT view_name, max(applied_offset) FROM pipeline.speed_views GROUP BY view_name, interval_start',
      'CREATE INDEX by_offset ON pipeline.speed_views (applied_offset)',
    ]) {
      await expect(app.execute(refused, [], { prepare: false })).rejects.toThrow(/Guardrail|not allowed|not supported/);
    }
    const one = { consistency: types.consistencies.one };
    await expect(app.execute(insert.replace(' IF NOT EXISTS', ''), [...key, 43], one)).rejects.toThrow('Guardrail');
    const last = [...key.slice(0, 2), 4, 77];
    await app.execute(insert, last);
    await first.kill9();
    await first.restart();
    await first.applySchema(
      [keyspace],
      [{ ...table, RegularColumns: [...table.RegularColumns, column('counts', 'blob')] }],
    );
    const again = client(first.endpointUrl);
    const { rows } = await again.execute(
      `SELECT applied_offset, counts, TTL(applied_offset) AS ttl FROM pipeline.speed_views ${where}`,
      [...key],
    );
    expect(Number(rows[0].applied_offset)).toBe(41);
    expect(rows[0].counts).toBeNull();
    expect(rows[0].ttl).toBeGreaterThan(3000);
    expect((await again.execute(insert, last)).wasApplied()).toBe(false);
  });

  it('runs twice side by side, each with its own schema', async () => {
    const second = await kept(
      startCassandra({ dir: join(dir, 'cassandra-2'), persistent: false, region: 'us-east-1' }),
    );
    await first.applySchema([keyspace], []);
    const superuser = second.superuser();
    const { rows } = await superuser.execute("SELECT * FROM system_schema.keyspaces WHERE keyspace_name = 'pipeline'");
    expect(rows).toHaveLength(0);
    await superuser.shutdown();
    expect([first, second].map((engine) => engine.running())).toEqual([true, true]);
  });
});

describe('S3', () => {
  afterAll(endAll);
  it('keeps objects through kill -9, writes once where asked to, and runs twice side by side', async () => {
    const start = (name: string, persistent: boolean) => kept(startS3({ dir: join(dir, name), persistent }));
    const [one, two] = await Promise.all([start('s3-1', true), start('s3-2', false)]);
    await one.createBucket('lake');
    await one.createBucket('lake');
    const client = s3Client(one.endpoint);
    const object = { Bucket: 'lake', Key: 'seals/interval=2026-11-22T21-00.json' };
    await client.send(new PutObjectCommand({ ...object, Body: 'first', IfNoneMatch: '*' }));
    const second = client.send(new PutObjectCommand({ ...object, Body: 'second', IfNoneMatch: '*' }));
    await expect(second).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await one.kill9();
    await one.restart();
    const { Body } = await client.send(new GetObjectCommand(object));
    expect(await Body?.transformToString()).toBe('first');
    await expect(s3Client(two.endpoint).send(new GetObjectCommand(object))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
    await Promise.all([one.stop(), two.stop()]);
  });
});

describe('Spark', () => {
  afterAll(endAll);
  let s3: S3Engine;
  beforeAll(async () => {
    s3 = await kept(startS3({ dir: join(dir, 's3-spark'), persistent: false }));
    await s3.createBucket('lake');
  });

  const job = `
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
assert spark.conf.get("spark.sql.shuffle.partitions") == "3", "parameters of the job must win"
spark.range(100).selectExpr("id % 2 as odd").groupBy("odd").count().coalesce(1).write.json(sys.argv[1])
`;

  it('runs a job that lies in S3, reading and writing s3://, with parameters that win over the defaults', async () => {
    const client = s3Client(s3.endpoint);
    await client.send(new PutObjectCommand({ Bucket: 'lake', Key: 'jobs/count.py', Body: job }));
    const workDir = join(dir, 'spark');
    const { command, args, env } = sparkCommand({ s3Endpoint: s3.endpoint, workDir });
    const parameters = ['--conf', 'spark.sql.shuffle.partitions=3'];
    const submit = [...args, ...parameters, 's3://lake/jobs/count.py', 's3://lake/out'];
    const { stderr } = await promisify(execFile)(command, submit, { env, cwd: workDir });
    expect(stderr).not.toContain('Exception');
    const success = await client.send(new GetObjectCommand({ Bucket: 'lake', Key: 'out/_SUCCESS' }));
    expect(success.ContentLength).toBe(0);
  });

  it('exits with an error when the job throws', async () => {
    const client = s3Client(s3.endpoint);
    await client.send(new PutObjectCommand({ Bucket: 'lake', Key: 'jobs/broken.py', Body: 'raise SystemExit(7)\n' }));
    const workDir = join(dir, 'spark-broken');
    const { command, args, env } = sparkCommand({ s3Endpoint: s3.endpoint, workDir });
    await expect(
      promisify(execFile)(command, [...args, 's3://lake/jobs/broken.py'], { env, cwd: workDir }),
    ).rejects.toMatchObject({ code: expect.any(Number) });
  });
});

describe('Airflow', () => {
  const dag = `
import pendulum
from airflow.sdk import DAG, task
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.timetables.interval import CronDataIntervalTimetable

# Once a year: what is run is what the test triggers.
with DAG(dag_id="probe", schedule=CronDataIntervalTimetable("0 0 1 1 *", timezone="UTC"), catchup=False,
         start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), is_paused_upon_creation=True) as dag:
    LambdaInvokeFunctionOperator(task_id="seal", function_name="p-seal", payload='{"from":"{{ data_interval_start | ts }}"}',
        aws_conn_id="aws_default", botocore_config={"read_timeout": 60, "retries": {"total_max_attempts": 1}})
`;
  const airflowDir = join(dir, 'airflow');
  const dagsFolder = join(dir, 'dags');
  const calls: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      calls.push(`${request.method} ${request.url} ${body}`);
      response.setHeader('content-type', 'application/json');
      response.end('{"intervals":[]}');
    });
  });
  const start = () => {
    const lambda = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return kept(startAirflow({ dir: airflowDir, dagsFolder, env: {}, endpoints: { lambda }, region: 'us-east-1' }));
  };

  beforeAll(async () => {
    mkdirSync(dagsFolder);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await endAll();
    await new Promise((resolve) => server.close(resolve));
  });

  it('shows why a DAG cannot be imported', async () => {
    const broken = join(dagsFolder, 'broken.py');
    writeFileSync(broken, 'from airflow.sdk import DAG\nimport no_such_module\n');
    await expect(start()).rejects.toThrow(/airflow cannot import broken\.py:[^]*No module named 'no_such_module'/);
    rmSync(broken);
  });

  it('runs a DAG over the interval that it is given, reaches Lambda at the given endpoint, and knows its runs after kill -9', async () => {
    writeFileSync(join(dagsFolder, 'probe.py'), dag);
    let airflow = await start();
    await airflow.unpause('probe');
    const from = new Date('2026-11-15T00:00:00Z');
    const { dag_run_id: runId } = await airflow.trigger('probe', from, new Date('2026-11-15T01:00:00Z'));
    const finished = async () =>
      (await airflow.runs('probe')).find(
        (run) => run.dag_run_id === runId && ['success', 'failed'].includes(run.state),
      );
    expect((await until('the run', finished)).state).toBe('success');
    expect(calls).toContain('POST /2015-03-31/functions/p-seal/invocations {"from":"2026-11-15T00:00:00+00:00"}');
    expect(await airflow.tasks('probe', runId)).toMatchObject([{ task_id: 'seal', map_index: -1, state: 'success' }]);

    await expect(airflow.trigger('probe', new Date('2025-01-01T00:00:00Z'), from)).rejects.toThrow(
      'the interval of a run of probe must start at 2026-01-01',
    );
    await airflow.kill9();
    airflow = await start();
    expect((await airflow.runs('probe')).map((run) => run.dag_run_id)).toContain(runId);
    calls.length = 0;
    await airflow.clear('probe', runId);
    expect((await until('the cleared run', finished)).state).toBe('success');
    expect(calls).toHaveLength(1);
    await airflow.stop();
    expect(airflow.running()).toBe(false);
  });
});
