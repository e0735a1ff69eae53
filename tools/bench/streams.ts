/**
 * The speed layer beside Kafka Streams (exactly once) with the same views over the same records, in posts per CPU-second and in bytes
 * stored. Kafka Streams reads them from a local broker and is measured once its JVM is warm; the speed layer's store is in memory, and its
 * event sources are not measured, but its folds are. What both have counted must equal a count apart.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { VIEWS } from '../../lambda/domain/views';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { memoryStore } from '../../test/support/memory-store';
import { lambdaEvent } from '../../test/support/posts-log';
import { findJava, installed, type KafkaEngine, startKafka } from '../engines';
import { countsIn, intervalEnd, speedLayer } from './aggregate';
import { Counted, requireEqual, type CountsByView } from './counted';
import { measure } from './measure';
import { PARTITIONS, posts as postsOf, POSTS_PER_BATCH, records, TOPIC } from './posts';
import { type Report, type Size } from './report';

const run = promisify(execFile);
/** As Kafka Streams measures it: the last three fifths. */
const COLD = 2 / 5;

interface Contender {
  readonly postsPerCpuSecond: number;
  readonly bytesPerPost: number;
}

async function send(brokers: string, batch: readonly KafkaRecord[]): Promise<void> {
  const producer = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  try {
    for (let at = 0; at < batch.length; at += POSTS_PER_BATCH) {
      const messages = batch.slice(at, at + POSTS_PER_BATCH).map(({ key, value, partition, timestamp }) => {
        return { key, value, partition, timestamp: String(timestamp) };
      });
      await producer.send({ topic: TOPIC, messages, acks: -1, compression: CompressionTypes.None });
    }
  } finally {
    await producer.disconnect();
  }
}

/** Bytes of the logs of the changelogs. */
function changelogBytes(data: string): number {
  const folders = readdirSync(data).filter((name) => name.includes('-changelog-'));
  const logs = folders.flatMap((folder) =>
    readdirSync(join(data, folder))
      .filter((name) => name.endsWith('.log'))
      .map((name) => join(data, folder, name)),
  );
  return logs.reduce((sum, file) => sum + statSync(file).size, 0);
}

function countsFrom(file: string): CountsByView {
  const counts: CountsByView = new Map(VIEWS.map(({ name }) => [name, new Map<string, number>()]));
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const [name, key, value] = line.split('\t');
    const of = counts.get(name)!;
    const before = of.get(key);
    const isMax = VIEWS.find((view) => view.name === name)!.merge === 'max';
    of.set(
      key,
      before === undefined ? Number(value) : isMax ? Math.max(before, Number(value)) : before + Number(value),
    );
  }
  return counts;
}

async function kafkaStreams(dir: string, broker: KafkaEngine, posts: number, right: Counted): Promise<Contender> {
  const classpath = ['kafka', 'kafka-streams'].map((engine) => `${installed(engine)}/*`).join(':');
  const counts = join(dir, 'counts');
  const program = join(__dirname, 'streams', 'Count.java');
  const { stdout } = await run(
    findJava().command,
    ['-Xmx2g', '-cp', classpath, program, broker.plainBrokers, join(dir, 'state'), String(posts), counts],
    { maxBuffer: 1 << 26 },
  );
  const measured = /^(\d+) ([\d.]+)$/m.exec(stdout);
  if (!measured) throw new Error(`Kafka Streams ended with: ${stdout.slice(-300)}`);
  requireEqual('Kafka Streams', countsFrom(counts), right.counts);
  return {
    postsPerCpuSecond: Number(measured[1]) / Number(measured[2]),
    bytesPerPost: changelogBytes(broker.data) / posts,
  };
}

async function aggregate(batches: readonly (readonly KafkaRecord[])[], right: Counted): Promise<Contender> {
  const store = memoryStore();
  const { handler, totals } = speedLayer(store);
  let cpu = 0;
  let counted = 0;
  for (const [i, batch] of batches.entries()) {
    const event = lambdaEvent(TOPIC, batch);
    const sample = await measure(() => handler(event));
    if (i < COLD * batches.length) continue;
    cpu += sample.cpu;
    counted += batch.length;
  }
  const posts = batches.flat().length;
  cpu += (await measure(() => handler(intervalEnd(posts / PARTITIONS)))).cpu;
  requireEqual('aggregate', await countsIn(store), right.counts);
  return { postsPerCpuSecond: counted / (cpu / 1000), bytesPerPost: totals.bytes / posts };
}

export async function streams({ rounds, posts }: Size = { rounds: 75, posts: POSTS_PER_BATCH }): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-streams-'));
  const broker = await startKafka({ dir: join(dir, 'kafka') });
  try {
    const source = postsOf(rounds * posts);
    const right = new Counted();
    const batches = Array.from({ length: rounds }, () => records(source, posts));
    for (const { value, timestamp } of batches.flat()) right.add(value!.toString(), timestamp);
    await broker.createTopic(TOPIC, PARTITIONS);
    await send(broker.plainBrokers, batches.flat());
    const [first, second] = Math.random() < 0.5 ? ['peer', 'own'] : ['own', 'peer'];
    const found: Record<string, Contender> = {};
    for (const name of [first, second]) {
      found[name] =
        name === 'own' ? await aggregate(batches, right) : await kafkaStreams(dir, broker, rounds * posts, right);
    }
    const { own, peer } = found;
    return {
      bench: 'streams',
      setting:
        `${rounds * posts} posts in ${PARTITIONS} partitions, ${VIEWS.length} views, batches of ${posts} and folds of the speed layer, ` +
        'against Kafka Streams 4.1.2, exactly_once_v2, stores in memory with changelogs, commits each 100 ms; the last three fifths, CPU; ' +
        'the views of both equal a count apart',
      figures: [
        { what: 'aggregate, folds included', value: own.postsPerCpuSecond, unit: 'posts/CPU-s' },
        { what: 'Kafka Streams', value: peer.postsPerCpuSecond, unit: 'posts/CPU-s' },
        { what: 'ratio', value: own.postsPerCpuSecond / peer.postsPerCpuSecond, unit: '', goal: { atLeast: 5 } },
        { what: 'aggregate stores', value: own.bytesPerPost, unit: 'bytes a post' },
        { what: 'changelogs of Kafka Streams', value: peer.bytesPerPost, unit: 'bytes a post' },
        { what: 'ratio of bytes', value: own.bytesPerPost / peer.bytesPerPost, unit: '', goal: { atMost: 0.25 } },
      ],
    };
  } finally {
    await broker.kill9();
    rmSync(dir, { recursive: true, force: true });
  }
}
