import { zstdDecompressSync } from 'node:zlib';
import { archiveRecords } from '../../../../lambda/archive/core';
import { makeHandler } from '../../../../lambda/archive/handler';
import { HEARTBEAT_HEADER, type KafkaRecord } from '../../../../lambda/domain/decode';
import { quarantineKey, rawKey } from '../../../../lambda/formats/keys';
import { sizeOf, type LambdaKafkaRecord } from '../../../../lambda/runtime/kafka-event';
import { MemoryLake } from '../../../support/memory-lake';

const NOW = Date.parse('2026-11-22T21:05:30.000Z');

function record(offset: number, value: unknown, more: Partial<KafkaRecord> = {}): KafkaRecord {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return {
    partition: 1,
    offset,
    timestamp: NOW,
    key: Buffer.from('4'),
    value: Buffer.from(text),
    headers: {},
    ...more,
  };
}

const PIN = { index: 4, category: ' Art ', follower_count: '12k', tag_list: 'a, b' };
const heartbeat = (offset: number) => record(offset, '{}', { key: null, headers: { [HEARTBEAT_HEADER]: '1' } });
const archive = (...records: KafkaRecord[]) => archiveRecords('posts', new Map([[1, records]]));
const linesOf = (ndjson: Buffer) =>
  ndjson
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the raw log', () => {
  it('has a line per record with its offset, time, key, typed columns and the text that the client sent', () => {
    const text = `{ "pin": ${JSON.stringify(PIN)} }`;
    const [object] = archive(record(7, text)).objects;
    expect(object.key).toBe(rawKey('posts', 1, 7, 7));
    const [line] = linesOf(object.ndjson);
    expect(line).toMatchObject({ o: 7, t: NOW, s: 'post', k: 4, raw: text });
    expect(line.pin).toMatchObject({
      category: 'art',
      follower_count: 12_000,
      tag_list: ['a', 'b'],
      title: null,
      arrival_minute: '2026-11-22T21:05:00.000Z',
    });
    expect(Object.keys(line)).not.toContain('geo');
  });

  it('stores the header that a replay of a flat section needs', () => {
    const [line] = linesOf(archive(record(7, PIN, { headers: { section: 'pin' } })).objects[0].ndjson);
    expect(line).toMatchObject({ h: 'pin', raw: JSON.stringify(PIN) });
  });

  it('also has lines for control records and bad records, so that offsets stay contiguous', () => {
    const { objects, counts } = archive(record(7, { pin: PIN }), heartbeat(8), record(9, 'no JSON'));
    expect(objects.map(({ first, last }) => [first, last])).toEqual([[7, 9]]);
    expect(linesOf(objects[0].ndjson).map(({ o, s }) => [o, s])).toEqual([
      [7, 'post'],
      [8, 'heartbeat'],
      [9, 'bad'],
    ]);
    expect(counts).toMatchObject({ received: 3, repeated: 0, quarantined: 1, controlRecords: 1, newest: NOW });
  });

  it('splits a batch with a gap, so that each object contains all offsets in its name', () => {
    const { objects } = archive(heartbeat(3), heartbeat(4), heartbeat(6), heartbeat(7), heartbeat(7));
    expect(objects.map(({ first, last }) => [first, last])).toEqual([
      [3, 4],
      [6, 7],
    ]);
    expect(objects.map(({ ndjson }) => linesOf(ndjson).length)).toEqual([2, 2]);
  });

  it('is UTF-8 with a line feed after each line, for lines of any length', () => {
    const texts = ['ascii', 'é', 'に', '🎄', 'x'.repeat(200_000), 'に'.repeat(100_000)];
    const { objects } = archive(...texts.map((title, i) => record(i, { pin: { ...PIN, title } })));
    expect(linesOf(objects[0].ndjson).map(({ pin }) => (pin as { title: string }).title)).toEqual(texts);
    expect(objects[0].ndjson.at(-1)).toBe(10);
    expect(objects[0].ndjson.filter((byte) => byte === 10)).toHaveLength(texts.length);
  });

  it('rejects records out of order', () => {
    expect(() => archive(heartbeat(4), heartbeat(3))).toThrow('records must be sorted by offset, got 3 after 4');
  });
});

describe('quarantine', () => {
  it('stores the position of a bad record, why it is bad, and its bytes', () => {
    const value = Buffer.from([0xff, 0xfe, 0x00]);
    const { quarantine } = archive(record(9, '', { value, headers: { section: 'pin' } }));
    expect(quarantine.map(({ key }) => key)).toEqual([quarantineKey('posts', 1, 9)]);
    const body = JSON.parse(quarantine[0].body) as Record<string, string>;
    expect(body).toMatchObject({
      topic: 'posts',
      partition: 1,
      offset: 9,
      timestamp: '2026-11-22T21:05:30.000Z',
      reason: 'value must be UTF-8',
      headers: { section: 'pin' },
    });
    expect(Buffer.from(body.payload, 'base64')).toEqual(value);
    expect(Buffer.from(body.key, 'base64').toString()).toBe('4');
  });

  it('names the field whose value cannot be interpreted', () => {
    const { quarantine } = archive(record(9, { pin: { ...PIN, follower_count: 'abc' } }));
    expect(JSON.parse(quarantine[0].body)).toMatchObject({ field: 'pin.follower_count', value: '"abc"' });
  });
});

describe('the handler', () => {
  const event = (...records: KafkaRecord[]) => ({
    records: {
      'posts-1': records.map((each): LambdaKafkaRecord => ({
        topic: 'posts',
        partition: each.partition,
        offset: each.offset,
        timestamp: each.timestamp,
        key: each.key?.toString('base64') ?? null,
        value: each.value?.toString('base64') ?? null,
        headers: Object.entries(each.headers).map(([name, value]) => ({ [name]: [...Buffer.from(value)] })),
      })),
    },
  });
  const handlerOn = (store: Pick<MemoryLake, 'put'>, reports: unknown[] = []) =>
    makeHandler({ topic: 'posts', store, report: (step, values) => reports.push({ step, ...values }), now: () => NOW });

  it('writes one object per partition, bad records before the log that refers to them, and reports', async () => {
    const store = new MemoryLake();
    const reports: unknown[] = [];
    const result = await handlerOn(store, reports)(event(record(7, { pin: PIN }), record(8, 'bad'), heartbeat(9)));
    expect(store.writes).toEqual([quarantineKey('posts', 1, 8), rawKey('posts', 1, 7, 9)]);
    const body = store.objects.get(rawKey('posts', 1, 7, 9))!;
    expect(linesOf(zstdDecompressSync(body)).map(({ o }) => o)).toEqual([7, 8, 9]);
    expect(result).toEqual({ objects: 1, received: 3, quarantined: 1 });
    expect(reports).toEqual([
      {
        step: 'archive',
        ...{ received: 3, written: 1, quarantined: 1, repeated: 0, controlRecords: 1 },
        batchBytes: sizeOf([record(7, { pin: PIN }), record(8, 'bad'), heartbeat(9)]),
        bytes: body.length,
        ...{ duration: 0, freshness: NOW - heartbeat(9).timestamp },
      },
    ]);
  });

  it('writes the same object again when a batch is redelivered', async () => {
    const store = new MemoryLake();
    const handle = handlerOn(store);
    await handle(event(record(7, { pin: PIN }), heartbeat(8)));
    const first = store.objects.get(rawKey('posts', 1, 7, 8))!;
    await handle(event(record(7, { pin: PIN }), heartbeat(8)));
    expect(store.keys()).toEqual([rawKey('posts', 1, 7, 8)]);
    expect(store.objects.get(rawKey('posts', 1, 7, 8))).toEqual(first);
  });

  it('throws when S3 is down, so that the batch is redelivered', async () => {
    const down = { put: () => Promise.reject(new Error('connect ECONNREFUSED')) };
    await expect(handlerOn(down)(event(heartbeat(1)))).rejects.toThrow('connect ECONNREFUSED');
  });
});
