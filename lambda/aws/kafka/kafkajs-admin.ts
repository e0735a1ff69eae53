/** Kafka's own offsets, as sealing asks for them. */
import { type Admin as KafkajsAdmin, type Kafka } from 'kafkajs';
import { type Admin, type PartitionEnds } from './port';

function toOffset(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset)) throw new Error(`offset must be an integer below 2^53, got '${text}'`);
  return offset;
}

const byPartition = (a: { partition: number }, b: { partition: number }) => a.partition - b.partition;

export function createAdmin(kafka: Kafka): Admin {
  let connected: Promise<KafkajsAdmin> | undefined;

  /** Runs `use` on a connected client; a failed one is dropped, so that the next call starts anew. */
  async function withAdmin<T>(use: (admin: KafkajsAdmin) => Promise<T>): Promise<T> {
    connected ??= (async () => {
      const admin = kafka.admin();
      await admin.connect();
      return admin;
    })();
    const mine = connected;
    try {
      return await use(await mine);
    } catch (error) {
      if (connected === mine) connected = undefined;
      void mine.then((admin) => admin.disconnect()).catch(() => undefined);
      throw error;
    }
  }

  async function endOffsets(topic: string): Promise<readonly PartitionEnds[]> {
    const ends = await withAdmin((admin) => admin.fetchTopicOffsets(topic));
    return ends
      .map(({ partition, low, high }) => ({ partition, low: toOffset(low), high: toOffset(high) }))
      .sort(byPartition);
  }

  return {
    endOffsets,
    async offsetsAt(topic, timestampMs) {
      // kafkajs answers the high watermark, which it reads before the look-up, where no record is late enough. That one is
      // never below the high watermark read here before: an offset below is a record's, one at or above it may not be.
      const highs = new Map((await endOffsets(topic)).map(({ partition, high }) => [partition, high]));
      const found = await withAdmin((admin) => admin.fetchTopicOffsetsByTimestamp(topic, timestampMs));
      return found
        .map(({ partition, offset }) => {
          const at = toOffset(offset);
          const high = highs.get(partition) ?? 0;
          return { partition, offset: Math.min(at, high), found: at < high };
        })
        .sort(byPartition);
    },
    async close() {
      const closing = connected;
      connected = undefined;
      await closing?.then((admin) => admin.disconnect()).catch(() => undefined);
    },
  };
}
