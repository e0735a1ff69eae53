import { archiveRecords } from '../../../../lambda/archive/core';
import { makeHandler as makeIngest } from '../../../../lambda/ingest/handler';
import { type HttpEvent } from '../../../../lambda/runtime/http';
import { type OutgoingRecord } from '../../../../lambda/aws/kafka/port';
import { parseReplayOptions } from '../../../../tools/operate/replay/options';
import { replay, type ReplayDeps } from '../../../../tools/operate/replay/replay';
import { MemoryLake } from '../../../support/memory-lake';

const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER };

/** Records that were quarantined; by the rules of now, offsets 4 and 5 are posts. */
function quarantine(): MemoryLake {
  const lake = new MemoryLake();
  const record = (offset: number, value: string, headers: Record<string, string> = {}) => ({
    ...{ partition: 2, offset, timestamp: 0, headers },
    key: Buffer.from('7'),
    value: Buffer.from(value),
  });
  const { quarantine: found } = archiveRecords(
    'posts',
    new Map([
      [
        2,
        [
          record(3, '{"no'),
          record(4, '{ "pin": 1 }'),
          record(5, '1', { section: 'geo' }),
          record(6, '{"pin":{"index":7}}'),
        ],
      ],
    ]),
  );
  const changed: Record<number, string> = {
    4: '{ "pin": {"index": 7, "category": "art"} }',
    5: '{"ind":7,"country":"Fiji"}',
  };
  for (const { key, offset, body } of found) {
    const stored = JSON.parse(body) as Record<string, unknown>;
    const payload = changed[offset] ? Buffer.from(changed[offset]).toString('base64') : stored.payload;
    lake.objects.set(key, Buffer.from(JSON.stringify({ ...stored, payload })));
  }
  return lake;
}

function ingestInto(sent: OutgoingRecord[]): ReplayDeps['ingest'] {
  return makeIngest({
    send: async (records) =>
      records.map((record) => ({ ok: true, partition: 0, offset: sent.push(record), logAppendTime: 0 })),
    report: () => undefined,
    now: () => 0,
  });
}

const keyOf = (offset: number) => `posts/partition=0002/${String(offset).padStart(20, '0')}.json`;

test('records that are posts now are sent as the client sent them, in order, and moved; the others are not', async () => {
  const lake = quarantine();
  const before = new Map(lake.objects);
  const sent: OutgoingRecord[] = [];
  const said: string[] = [];
  const deps = { lake, ingest: ingestInto(sent), say: (line: string) => said.push(line) };
  expect(await replay(deps, 'posts', ALL)).toEqual({ posts: 2, rejected: 2 });
  expect(sent).toEqual([
    { key: '7', value: '{ "pin": {"index": 7, "category": "art"} }', headers: undefined },
    { key: '7', value: '{"ind":7,"country":"Fiji"}', headers: { section: 'geo' } },
  ]);
  expect(lake.keys()).toEqual(
    [
      `quarantine/${keyOf(3)}`,
      `quarantine/${keyOf(6)}`,
      `quarantine/replayed/${keyOf(4)}`,
      `quarantine/replayed/${keyOf(5)}`,
    ].sort(),
  );
  expect(lake.objects.get(`quarantine/replayed/${keyOf(4)}`)).toEqual(before.get(`quarantine/${keyOf(4)}`));
  expect(said).toEqual([4, 5].map((offset) => `replayed: quarantine/${keyOf(offset)}`));
  expect(await replay(deps, 'posts', ALL)).toEqual({ posts: 0, rejected: 2 });
});

test('a section is sent as the section that it came as, whatever other fields the client added', async () => {
  const lake = new MemoryLake();
  const sections = [
    ['geo', '{"ind":7,"country":"Fiji","title":"Mr"}'],
    ['user', '{"ind":7,"first_name":"Ann","category":"art"}'],
    ['pin', '{"index":7,"category":"art","user":"ann93"}'],
  ];
  for (const [offset, [section, payload]] of sections.entries()) {
    const record = { partition: 0, offset, timestamp: 0, headers: { section }, key: Buffer.from('7') };
    const [found] = archiveRecords('posts', new Map([[0, [{ ...record, value: Buffer.from('1') }]]])).quarantine;
    const stored = JSON.parse(found.body) as object;
    lake.objects.set(
      found.key,
      Buffer.from(JSON.stringify({ ...stored, payload: Buffer.from(payload).toString('base64') })),
    );
  }
  const sent: OutgoingRecord[] = [];
  expect(await replay({ lake, ingest: ingestInto(sent), say: () => undefined }, 'posts', ALL)).toEqual({
    posts: 3,
    rejected: 0,
  });
  expect(sent).toEqual(sections.map(([section, value]) => ({ key: '7', value, headers: { section } })));
});

test('a record that ingest rejects is counted and passed over', async () => {
  const lake = quarantine();
  const said: string[] = [];
  const sent: OutgoingRecord[] = [];
  const ingest = ingestInto(sent)!;
  const deps: ReplayDeps = {
    lake,
    ingest: (event) =>
      event.rawPath === '/geo' ? ingest(event) : Promise.resolve({ statusCode: 400, headers: {}, body: '{}' }),
    say: (line) => said.push(line),
  };
  expect(await replay(deps, 'posts', ALL)).toEqual({ posts: 1, rejected: 3 });
  expect(said).toEqual([`ingest rejects with 400: quarantine/${keyOf(4)}`, `replayed: quarantine/${keyOf(5)}`]);
  expect(lake.keys('quarantine/replayed/')).toEqual([`quarantine/replayed/${keyOf(5)}`]);
});

test('without the function nothing is changed, and the filter applies', async () => {
  const lake = quarantine();
  const look = (filter: object) =>
    replay({ lake, ingest: undefined, say: () => undefined }, 'posts', { ...ALL, ...filter });
  expect(await look({})).toEqual({ posts: 2, rejected: 2 });
  expect(await look({ from: 4, to: 4 })).toEqual({ posts: 1, rejected: 0 });
  expect(await look({ partition: 1 })).toEqual({ posts: 0, rejected: 0 });
  expect(await look({ reason: 'CATEGORY' })).toEqual({ posts: 0, rejected: 1 });
  expect(lake.writes).toEqual([]);
});

test.each([
  ['is not taken', { statusCode: 503, headers: {}, body: '{}' }, /was not accepted: ingest responded with 503$/],
  [
    'would be set aside again',
    { statusCode: 202, headers: {}, body: '{"results":[{"status":202,"quarantine":{}}]}' },
    /would be quarantined again: the deployed rules are older than these, deploy first$/,
  ],
])('a record that %s is not moved, and the run ends', async (_, answer, message) => {
  const lake = quarantine();
  const calls: HttpEvent[] = [];
  const ingest = (event: HttpEvent) => Promise.resolve((calls.push(event), answer));
  await expect(replay({ lake, ingest, say: () => undefined }, 'posts', ALL)).rejects.toThrow(message);
  expect(calls).toHaveLength(1);
  expect(lake.writes).toEqual([]);
  expect(lake.keys()).toHaveLength(4);
});

test('options are checked, and nothing is changed by default', () => {
  expect(parseReplayOptions(['--lake', 'b', '--ingest', 'f'])).toEqual({
    ...{ lake: 'b', topic: 'posts', ingest: undefined },
    filter: { ...ALL, partition: undefined, reason: undefined },
  });
  expect(
    parseReplayOptions(['--lake', 'b', '--ingest', 'f', '--yes', '--partition', '2', '--from', '4']),
  ).toMatchObject({
    ingest: 'f',
    filter: { partition: 2, from: 4 },
  });
  const rejected = (...argv: string[]) => expect(() => parseReplayOptions(['--lake', 'b', ...argv]));
  rejected('--yes').toThrow(/^--ingest must be the name of a function, with --yes, got nothing$/);
  rejected('--yes', '--dry-run').toThrow(/^--yes and --dry-run exclude each other$/);
  rejected('--from', '5', '--to', '4').toThrow(/^--to must be an integer from 5 to 9007199254740991, got '4'$/);
  rejected('--partition', '-').toThrow(/^--partition must be an integer from 0 to 999, got '-'$/);
  rejected('--topic', '').toThrow(/^--topic must be the name of a topic, got ''$/);
  expect(() => parseReplayOptions([])).toThrow(/^--lake must be the name of a bucket, got nothing$/);
});
