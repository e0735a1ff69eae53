/** No answer outgrows what Lambda returns: a client would get 500 for records that are durable. */
import { MAX_RECORDS, MAX_REQUEST_BYTES } from '../../../../lambda/ingest/core';
import { makeHandler } from '../../../../lambda/ingest/handler';
import { PAYLOAD_LIMIT } from '../../../../tools/local/aws/function-host';
import { request } from './harness';

/** Positions as long as they can be. */
const LAST = { partition: 999, offset: Number.MAX_SAFE_INTEGER, logAppendTime: 1 };
const INDEX = Number.MAX_SAFE_INTEGER;

interface Answer {
  readonly results?: Record<string, unknown>[];
  readonly offsets?: Record<string, unknown>[];
}

async function answer(path: string, records: readonly string[], acknowledged = true) {
  const sent: number[] = [];
  const handler = makeHandler({
    send: async (outgoing) =>
      outgoing.map(() => {
        sent.push(1);
        return acknowledged ? { ok: true, ...LAST } : { ok: false, error: 'broker is away' };
      }),
    report: () => undefined,
    now: () => 1000,
  });
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const body = path === '/posts' ? records.join('\n') : `{"records":[${records.map((each) => `{"value":${each}}`)}]}`;
  expect(body.length).toBeLessThanOrEqual(MAX_REQUEST_BYTES);
  const response = await handler(request('POST', path, body, { 'content-type': 'application/x-ndjson' }));
  jest.restoreAllMocks();
  return {
    status: response.statusCode,
    sent: sent.length,
    bytes: Buffer.byteLength(JSON.stringify(response)),
    body: JSON.parse(response.body) as Answer,
  };
}

const many = (record: string, count = MAX_RECORDS) => Array.from({ length: count }, () => record);
const QUARANTINED = `{"ind":${INDEX},"date_joined":"\\u0000\\u0000\\u0000\\u0000\\u0000"}`;
const LONG = `{"ind":${INDEX},"date_joined":"${'\\u0001'.repeat(8)}"}`;

describe.each(['/posts', '/topics/x.user'])('an answer of %s fits, with a result for each record,', (path) => {
  test.each([
    ['where all are accepted', `{"ind":${INDEX},"age":20}`, true, 200],
    ['where all go to quarantine', QUARANTINED, true, 200],
    ['where all go to quarantine, for a value of control characters', LONG, true, 200],
    ['where all are rejected', '{}', true, 400],
    ['where none is acknowledged', `{"ind":${INDEX},"age":20}`, false, 503],
  ])('%s', async (_, record, acknowledged, status) => {
    const { body, ...got } = await answer(path, many(record), acknowledged);
    const results = body.results ?? body.offsets!;
    expect(results).toHaveLength(MAX_RECORDS);
    expect(got.bytes).toBeLessThanOrEqual(PAYLOAD_LIMIT);
    expect(Math.floor(got.status / 100)).toBe(Math.floor(status / 100));
    expect(got.sent).toBe(record === '{}' ? 0 : MAX_RECORDS);
  });
});

test('errors are whole as long as they fit, then they name the field', async () => {
  const { body } = await answer('/posts', many(QUARANTINED, 35_000));
  const errors = body.results!.map(({ quarantine }) => quarantine as Record<string, unknown>);
  expect(errors[0]).toEqual({ field: 'user.date_joined', value: expect.any(String), allowed: expect.any(String) });
  expect(errors.at(-1)).toEqual({ field: 'user.date_joined' });
  const few = await answer('/posts', many(QUARANTINED, 10_000));
  expect(few.body.results!.at(-1)!.quarantine).toEqual(errors[0]);
});

test.each(['/posts', '/topics/x.user'])('more records are rejected by %s before any is sent', async (path) => {
  const got = await answer(path, many('{"ind":1,"age":20}', MAX_RECORDS + 1));
  expect(got).toMatchObject({ status: 413, sent: 0 });
  expect(JSON.stringify(got.body)).toContain(`at most ${MAX_RECORDS} records`);
});
