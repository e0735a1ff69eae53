/**
 * The archive's whole handler beside its two necessary parts: decoding the records of the event, and compressing the lines that it
 * writes. The lake discards objects, so this is the function's CPU alone.
 */
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { archiveRecords } from '../../lambda/archive/core';
import { makeHandler } from '../../lambda/archive/handler';
import { RAW_COMPRESSION } from '../../lambda/formats/raw-line';
import { decodeRecord } from '../../lambda/domain/decode';
import { type LambdaKafkaEvent, recordsByPartition } from '../../lambda/runtime/kafka-event';
import { inTurn, medianRatio, rate } from './measure';
import { batches, parseOnly, POSTS_PER_BATCH, TOPIC } from './posts';
import { type Report, type Size } from './report';

const WARM_UP = 3;
const compress = promisify(zstdCompress);

function linesOf(event: LambdaKafkaEvent): Buffer[] {
  return archiveRecords(TOPIC, recordsByPartition(event, TOPIC)).objects.map(({ ndjson }) => ndjson);
}

function decode(event: LambdaKafkaEvent): void {
  for (const records of recordsByPartition(event, TOPIC).values()) {
    for (const record of records) {
      if (decodeRecord(record).kind !== 'post') throw new Error(`record ${record.offset} is no post`);
    }
  }
}

const compressAll = (lines: readonly Buffer[]) => Promise.all(lines.map((ndjson) => compress(ndjson, RAW_COMPRESSION)));

export async function archive({ rounds, posts }: Size = { rounds: 9, posts: POSTS_PER_BATCH }): Promise<Report> {
  const events = batches(WARM_UP + rounds, posts);
  const lines = events.map(linesOf);
  const handler = makeHandler({
    topic: TOPIC,
    store: { put: () => Promise.resolve() },
    report: () => undefined,
    now: Date.now,
  });
  const { archiving, parts, least } = await inTurn(rounds, WARM_UP, {
    archiving: (round) => handler(events[round]),
    parts: (round) => {
      decode(events[round]);
      return compressAll(lines[round]);
    },
    least: (round) => {
      parseOnly(events[round]);
      return compressAll(lines[round]);
    },
  });
  return {
    bench: 'archive',
    setting: `batches of ${posts} posts over 4 partitions, against decoding and compressing alone, CPU`,
    figures: [
      { what: 'archive', value: rate(posts, archiving, 'cpu'), unit: 'posts/CPU-s' },
      { what: 'decode and compress alone', value: rate(posts, parts, 'cpu'), unit: 'posts/CPU-s' },
      { what: 'ratio', value: medianRatio(parts, archiving, 'cpu'), unit: '', goal: { atLeast: 0.7 } },
      {
        what: 'ratio to base64, JSON.parse and compress, without cleaning',
        value: medianRatio(least, archiving, 'cpu'),
        unit: '',
      },
    ],
  };
}
