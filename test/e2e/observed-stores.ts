/** What faults do to the stores of a run behind the pipeline's back. */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { Kafka, logLevel } from 'kafkajs';
import { parseIntervalName } from '../../lambda/domain/intervals';
import { tableName } from '../../lambda/aws/keyspaces/cql';
import { ENV } from '../../lambda/runtime/env';
import { connect } from '../../lambda/aws/keyspaces/keyspaces';
import { getSeal, rawObjects } from '../../lambda/aws/lake';
import { connectS3 } from '../../lambda/aws/s3';
import { type SpeedRunKey, type Store } from '../../lambda/aws/keyspaces/store';
import { keyspacesStore } from '../../lambda/aws/keyspaces/writer';
import { findFunction } from '../../tools/assembly/local-plan';
import { REGION } from '../../tools/assembly/local-account';
import { type KafkaEngine, s3Client } from '../../tools/engines';
import { type Running } from '../../tools/local/run/bring-up';

const INTERVAL_MINUTES = 1;

interface Keyspaces {
  readonly store: Store;
  /** Of a run that has one chunk. */
  deleteSpeedRun(key: SpeedRunKey): Promise<void>;
}

export async function withKeyspaces(
  { cassandra, plan }: Running,
  use: (keyspaces: Keyspaces) => Promise<void>,
): Promise<void> {
  const tableOf = (fn: string, variable: string) => {
    const { environment } = findFunction(plan.functions, fn);
    return tableName(environment[ENV.keyspace], environment[variable]);
  };
  const session = connect({ AWS_REGION: REGION, AWS_ENDPOINT_URL_KEYSPACES: cassandra.endpointUrl });
  try {
    const speedRuns = tableOf('aggregate', ENV.speedRuns);
    const store = keyspacesStore(session, {
      speedRuns,
      speedLog: tableOf('aggregate', ENV.speedLog),
      speedHead: tableOf('aggregate', ENV.speedHead),
      speedPosts: tableOf('aggregate', ENV.speedPosts),
      batchViews: tableOf('publish', ENV.batchViews),
      batchRuns: tableOf('publish', ENV.batchRuns),
      unreferencedRuns: tableOf('publish', ENV.unreferencedRuns),
      boundary: tableOf('publish', ENV.boundary),
    });
    const where = [
      'topic',
      'kafka_partition',
      'view_name',
      'tier',
      'rest',
      'interval_start',
      'from_offset',
      'to_offset',
    ]
      .map((column) => `${column} = ?`)
      .join(' AND ');
    await use({
      store,
      deleteSpeedRun: async ({ topic, partition, view, tier, interval, from, to }) =>
        void (await session.execute(`DELETE FROM ${speedRuns} WHERE ${where}`, [
          ...[topic, partition, view, tier, 0],
          ...[new Date(interval), from, to],
        ])),
    });
  } finally {
    await session.shutdown();
  }
}

/**
 * Makes a control line of the raw log into one of another kind, as a newer version of the archive might write it.
 * @param interval a sealed one, by name
 */
export async function rewriteControlLine(
  { s3, plan }: Running,
  interval: string,
): Promise<{ readonly partition: number; restore(): Promise<void> }> {
  const { environment } = findFunction(plan.functions, 'archive');
  const client = s3Client(s3.endpoint);
  const lake = connectS3(environment[ENV.lakeBucket], client);
  const seal = (await getSeal(lake, parseIntervalName(interval, INTERVAL_MINUTES), INTERVAL_MINUTES))!;
  for (const range of seal.partitions) {
    for (const { key } of await rawObjects(lake, seal.topic, range)) {
      const before = await lake.get(key);
      const lines = (await promisify(zstdDecompress)(before)).toString('utf8').split('\n');
      const at = lines.findIndex((line) => {
        if (line === '') return false;
        const { o, s } = JSON.parse(line) as { o: number; s: string };
        return o >= range.from && o < range.to && ['heartbeat', 'canary'].includes(s);
      });
      if (at < 0) continue;
      lines[at] = JSON.stringify({ ...(JSON.parse(lines[at]) as object), s: 'note' });
      const put = (body: Buffer) => lake.put(key, body, { contentType: 'application/zstd' });
      await put(await promisify(zstdCompress)(lines.join('\n')));
      return { partition: range.partition, restore: () => put(before).finally(() => client.destroy()) };
    }
  }
  throw new Error(`interval ${interval} has no control line`);
}

/** Deletes everything that is on a topic, as if its retention were over. */
export async function deleteRecords({ plainBrokers }: KafkaEngine, topic: string): Promise<void> {
  const admin = new Kafka({ clientId: 'test', brokers: [plainBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic, partitions });
  } finally {
    await admin.disconnect();
  }
}
