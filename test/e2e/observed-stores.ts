/** What faults do to the stores of a run behind the pipeline's back. */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { Kafka, logLevel } from 'kafkajs';
import { parseIntervalName } from '../../lambda/domain/intervals';
import { ENV } from '../../lambda/runtime/env';
import { getSeal, rawObjects } from '../../lambda/aws/lake';
import { connectS3 } from '../../lambda/aws/s3';
import { type SpeedRunKey } from '../../lambda/aws/keyspaces/store';
import { findFunction } from '../../tools/assembly/local-plan';
import { type KafkaEngine, s3Client } from '../../tools/engines';
import { type Running } from '../../tools/local/run/bring-up';
import { type OpenStore } from '../../tools/local/run/store';

const INTERVAL_MINUTES = 1;

/** Deletes a run of the speed layer that has one chunk. */
export async function deleteSpeedRun({ session, tables }: OpenStore, key: SpeedRunKey): Promise<void> {
  const { topic, partition, view, tier, interval, from, to } = key;
  const columns = [
    'topic',
    'kafka_partition',
    'view_name',
    'tier',
    'rest',
    'interval_start',
    'from_offset',
    'to_offset',
  ];
  const where = columns.map((column) => `${column} = ?`).join(' AND ');
  const values = [topic, partition, view, tier, 0, new Date(interval), from, to];
  await session.execute(`DELETE FROM ${tables.speedRuns} WHERE ${where}`, values);
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
