/**
 * The whole ingest handler (HTTP event to response, acknowledged by Kafka) in requests of 100 posts, one after another, as in a function
 *, beside Kafka's own kafka-producer-perf-test with the same posts, acks=all, on the same broker. In posts per CPU-second
 * of the client. The handler is measured after its warm-up; for the JVM, the time of a run with few records is subtracted.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeHandler } from '../../lambda/ingest/handler';
import { connectKafka } from '../../lambda/aws/kafka/connect';
import { findJava, installed, type KafkaEngine, startKafka } from '../engines';
import { inTurn, median, rate } from './measure';
import { posts as postsOf, TOPIC } from './posts';
import { type Report, type Size } from './report';

const run = promisify(execFile);
const BATCH = 100;
const WARM_UP = 2;
const PARTITIONS = 3;
/** Small beside the start of the JVM. */
const START_RECORDS = 100;

/** CPU milliseconds of the processes that this one has waited for. @see proc_pid_stat(5) */
function childrenCpu(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  const ticksPerSecond = 100;
  return ((Number(fields[13]) + Number(fields[14])) / ticksPerSecond) * 1000;
}

/** @returns CPU milliseconds of one run of ProducerPerformance */
async function perfTest(broker: KafkaEngine, file: string, records: number): Promise<number> {
  const classpath = ['kafka', 'kafka-tools'].map((engine) => `${installed(engine)}/*`).join(':');
  const options = ['--topic', TOPIC, '--num-records', String(records), '--throughput', '-1', '--payload-file', file];
  const props = ['--producer-props', `bootstrap.servers=${broker.plainBrokers}`, 'acks=all'];
  const before = childrenCpu();
  const { stdout } = await run(
    findJava().command,
    ['-Xmx512m', '-cp', classpath, 'org.apache.kafka.tools.ProducerPerformance', ...options, ...props],
    { maxBuffer: 1 << 26 },
  );
  const cpu = childrenCpu() - before;
  if (!stdout.includes(`${records} records sent`)) throw new Error(`the perf test ended with: ${stdout.slice(-300)}`);
  return cpu;
}

/** @param size.posts a round; a whole number of requests */
export async function ingest({ rounds, posts }: Size = { rounds: 5, posts: 50_000 }): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-ingest-'));
  const file = join(dir, 'posts.ndjson');
  const broker = await startKafka({ dir: join(dir, 'kafka') });
  try {
    await broker.createTopic(TOPIC, PARTITIONS, { 'message.timestamp.type': 'LogAppendTime' });
    const kafka = connectKafka({ brokers: [broker.brokers], auth: 'unsecured', topic: TOPIC });
    const handler = makeHandler({ send: (all) => kafka.send(all), report: () => undefined, now: Date.now });
    const texts = postsOf(posts)
      .take(posts)
      .map(({ text }) => text);
    writeFileSync(file, texts.join('\n'));
    const requests = Array.from({ length: posts / BATCH }, (_, i) => {
      const body = `[${texts.slice(i * BATCH, (i + 1) * BATCH).join(',')}]`;
      return {
        rawPath: '/posts',
        headers: { 'content-type': 'application/json' },
        body,
        isBase64Encoded: false,
        requestContext: { http: { method: 'POST' } },
      };
    });
    const perf: number[] = [];
    const start: number[] = [];
    const { ingesting } = await inTurn(rounds, WARM_UP, {
      ingesting: async () => {
        for (const request of requests) {
          const { statusCode } = await handler(request);
          if (statusCode !== 202) throw new Error(`a request was answered with ${statusCode}`);
        }
      },
      producing: async (round) => {
        const all = await perfTest(broker, file, posts + START_RECORDS);
        const few = await perfTest(broker, file, START_RECORDS);
        if (round < WARM_UP) return;
        perf.push(all - few);
        start.push(few);
      },
    });
    await kafka.close();
    const ratios = perf.map((cpu, round) => cpu / ingesting[round].cpu);
    const withStart = perf.map((cpu, round) => (cpu + start[round]) / ingesting[round].cpu);
    return {
      bench: 'ingest',
      setting: `${posts} posts in requests of ${BATCH} a round, against kafka-producer-perf-test with acks=all, CPU`,
      figures: [
        { what: 'ingest, whole handler', value: rate(posts, ingesting, 'cpu'), unit: 'posts/CPU-s' },
        {
          what: 'kafka-producer-perf-test, without the start of its JVM',
          value: posts / (median(perf) / 1000),
          unit: 'posts/CPU-s',
        },
        { what: 'ratio', value: median(ratios), unit: '', goal: { atLeast: 0.8 } },
        { what: 'ratio with the start of its JVM', value: median(withStart), unit: '' },
      ],
    };
  } finally {
    await broker.kill9();
    rmSync(dir, { recursive: true, force: true });
  }
}
