import { makeHandler, type Deps } from '../../../lambda/ingest/handler';
import { type HttpEvent } from '../../../lambda/shared/http';
import { type OutgoingRecord, type SendResult } from '../../../lambda/shared/kafka';

interface Setup {
  readonly sent: OutgoingRecord[];
  readonly reports: object[];
  call(event: HttpEvent): Promise<{ status: number; headers: Record<string, string>; body: Record<string, unknown> }>;
}

/** Kafka that puts everything in partition 2 from offset 10 on; `fail` says which keys it does not take. */
function setup(fail: (key: string | null) => boolean = () => false): Setup {
  const sent: OutgoingRecord[] = [];
  const reports: object[] = [];
  const deps: Deps = {
    send: (records) => {
      if (records.length === 0) throw new Error('send was called without records');
      return Promise.resolve(
        records.map((record): SendResult => {
          if (fail(record.key)) return { ok: false, error: 'broker is away' };
          sent.push(record);
          return { ok: true, partition: 2, offset: 9 + sent.length, logAppendTime: 1 };
        }),
      );
    },
    report: (step, values) => void reports.push({ step, ...values }),
    now: () => 1000,
  };
  const handler = makeHandler(deps);
  return {
    sent,
    reports,
    async call(event) {
      const answer = await handler(event);
      expect(answer.headers['content-type']).toBe('application/json');
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: JSON.parse(answer.body) as Record<string, unknown>,
      };
    },
  };
}

function request(method: string, rawPath: string, body?: string, headers: Record<string, string> = {}): HttpEvent {
  return { rawPath, headers, body, isBase64Encoded: false, requestContext: { stage: '$default', http: { method } } };
}
const post = (body: string, contentType = 'application/json') =>
  request('POST', '/posts', body, { 'content-type': contentType });

const PIN = '{"index": 4, "category": "art", "follower_count": "2M"}';
const GEO = '{"ind":4,"country":"Aruba","latitude":1.0}';

beforeEach(() => jest.spyOn(process.stdout, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

describe('POST /posts', () => {
  test('a whole post is answered with where it lies, and its bytes go to kafka as they came', async () => {
    const { call, sent, reports } = setup();
    const text = `{ "pin": ${PIN},\n "geo": ${GEO} }`;
    expect(await call(post(`\n${text} `))).toMatchObject({
      status: 202,
      body: { accepted: 1, rejected: 0, results: [{ status: 202, key: '4', partition: 2, offset: 10 }] },
    });
    expect(sent).toEqual([{ key: '4', value: text, headers: undefined }]);
    expect(reports).toEqual([
      { step: 'ingest', received: 1, written: 1, rejected: 0, bytes: Buffer.byteLength(text), duration: 0 },
    ]);
  });

  test.each([
    ['pin', PIN],
    ['geo', GEO],
    ['user', '{"ind":"4","age":20}'],
  ])('a flat %s is known by its fields and named in a header', async (section, text) => {
    const { call, sent } = setup();
    expect(await call(post(text))).toMatchObject({ status: 202 });
    expect(sent).toEqual([{ key: '4', value: text, headers: { section } }]);
  });

  test('an array keeps the text of each element', async () => {
    const { call, sent } = setup();
    const { status, body } = await call(post(`[ ${PIN} , {"geo":${GEO}}]`));
    expect([status, body.accepted]).toEqual([202, 2]);
    expect(sent.map(({ value }) => value)).toEqual([PIN, `{"geo":${GEO}}`]);
  });

  test.each([
    ['by its content type', 'application/x-ndjson; charset=utf-8'],
    ['by its lines', 'application/json'],
  ])('NDJSON is recognised %s, and a malformed line costs no neighbour', async (_, type) => {
    const { call, sent } = setup();
    const { status, body } = await call(post(`${PIN}\r\n{"index": 5,}\n\n${GEO}\n`, type));
    expect(status).toBe(207);
    expect(body).toMatchObject({
      accepted: 2,
      rejected: 1,
      results: [
        { status: 202, key: '4', offset: 10 },
        { status: 400, error: { field: 'record', value: '"{\\"index\\": 5,}"', allowed: 'JSON' } },
        { status: 202, key: '4', offset: 11 },
      ],
    });
    expect(sent.map(({ value }) => value)).toEqual([PIN, GEO]);
  });

  test('one NDJSON line is NDJSON', async () => {
    const { call } = setup();
    expect(await call(post(`${PIN}\n`, 'application/x-ndjson'))).toMatchObject({ status: 202 });
  });

  test('a byte order mark is no part of the post', async () => {
    const { call, sent } = setup();
    await call(post(`\ufeff${PIN}`));
    expect(sent[0].value).toBe(PIN);
  });

  test('a body in base64 is the same body', async () => {
    const { call, sent } = setup();
    const text = '{"index":4,"category":"café"}';
    const event = { ...post(Buffer.from(text).toString('base64')), isBase64Encoded: true };
    expect(await call(event)).toMatchObject({ status: 202 });
    expect(sent[0].value).toBe(text);
  });

  test('a value that cannot be interpreted is taken, and the answer says that it goes to quarantine', async () => {
    const { call, sent } = setup();
    const { status, body } = await call(post('{"index":4,"category":"art","follower_count":"abc"}'));
    expect(status).toBe(202);
    expect(body.results).toMatchObject([{ status: 202, quarantine: { field: 'pin.follower_count', value: '"abc"' } }]);
    expect(sent).toHaveLength(1);
  });

  test('a post that is sent twice is taken twice: it is counted once downstream', async () => {
    const { call, sent } = setup();
    expect(await call(post(`[${PIN},${PIN}]`))).toMatchObject({ status: 202, body: { accepted: 2 } });
    expect(sent).toHaveLength(2);
  });
});

describe('bad input is the client’s, with field, value and what is allowed', () => {
  test.each([
    ['no body', undefined, { field: 'body', value: 'nothing' }],
    ['blank body', ' \n', { field: 'body', value: 'nothing' }],
    ['malformed JSON', '{"index":', { field: 'body', value: '"{\\"index\\":"' }],
    ['malformed array', `[${PIN},`, { field: 'body' }],
    ['an empty array', '[]', { field: 'body', value: 'an empty array', allowed: 'at least one post' }],
  ])('%s', async (_, body, error) => {
    const { call, sent } = setup();
    const answer = await call(request('POST', '/posts', body));
    expect(answer).toMatchObject({ status: 400, body: { error: { ...error, message: expect.any(String) } } });
    expect(sent).toEqual([]);
  });

  test.each([
    ['a number', '5', { field: 'record', value: '5' }],
    ['null', 'null', { field: 'record', value: 'null' }],
    ['an array in an array', '[[]]', { field: 'record', value: 'an array' }],
    ['no fields', '{}', { field: 'record', value: 'fields none' }],
    ['unknown fields', '{"foo":{}}', { field: 'record', value: 'fields foo' }],
    ['a key alone', '{"ind":4}', { field: 'record', value: 'fields ind' }],
    [
      'fields of two sections',
      '{"index":4,"category":"a","country":"b"}',
      { value: 'fields index, category, country' },
    ],
    [
      'an unknown section',
      `{"pin":${PIN},"likes":{}}`,
      { field: 'section', value: '"likes"', allowed: 'one of pin, geo, user' },
    ],
    ['no section', '{"pin":null}', { field: 'record' }],
    ['a section of a wrong type', '{"geo":[]}', { field: 'geo', value: 'an array', allowed: 'an object' }],
    ['a missing key', '{"pin":{"category":"art"}}', { field: 'pin.index', value: 'nothing' }],
    ['a missing key of geo', '{"country":"Aruba"}', { field: 'geo.ind', value: 'nothing' }],
    ['a negative key', '{"index":-1,"category":"art"}', { field: 'pin.index', value: '-1' }],
    ['a fraction as key', '{"index":1.5,"category":"art"}', { field: 'pin.index', value: '1.5' }],
    ['a key beyond 2^53', '{"index":9007199254740993,"category":"art"}', { field: 'pin.index' }],
    ['a key beyond 64 bits', '{"index":"99999999999999999999","category":"a"}', { field: 'pin.index' }],
    ['a missing category', '{"index":4,"title":"a"}', { field: 'pin.category', value: 'nothing' }],
    ['a blank category', '{"index":4,"category":" "}', { field: 'pin.category', value: '" "' }],
    ['a category of a wrong type', '{"index":4,"category":5}', { field: 'pin.category', value: '5' }],
    [
      'followers beyond 2^53',
      '{"index":4,"category":"a","follower_count":99999999999999999999}',
      { field: 'pin.follower_count' },
    ],
    [
      'followers in an object',
      '{"index":4,"category":"a","follower_count":{}}',
      { field: 'pin.follower_count', value: 'an object' },
    ],
    [
      'tags of a wrong type',
      '{"index":4,"category":"a","tag_list":["a",1]}',
      { field: 'pin.tag_list', value: 'an array' },
    ],
    ['a latitude in words', '{"ind":4,"latitude":"north"}', { field: 'geo.latitude', value: '"north"' }],
    ['a latitude beyond doubles', '{"ind":4,"latitude":1e999}', { field: 'geo.latitude' }],
    ['an age in words', '{"ind":4,"age":"old"}', { field: 'user.age', value: '"old"' }],
    ['an age beyond 2^53', '{"ind":4,"age":1e30}', { field: 'user.age' }],
    ['a date as a number', '{"ind":4,"date_joined":5}', { field: 'user.date_joined', value: '5' }],
    ['sections of two posts', `{"pin":${PIN},"geo":{"ind":5}}`, { field: 'geo.ind', value: '5' }],
    ['nesting of 33 levels', `{"pin":${'{"a":'.repeat(32)}1${'}'.repeat(33)}`, { field: 'record', value: 'depth 33' }],
  ])('%s', async (_, body, error) => {
    const { call, sent } = setup();
    const answer = await call(post(body));
    expect(answer).toMatchObject({
      status: 400,
      body: { accepted: 0, rejected: 1, results: [{ status: 400, error: { ...error, allowed: expect.any(String) } }] },
    });
    expect(sent).toEqual([]);
  });

  test('the message is one sentence', async () => {
    const { call } = setup();
    const { body } = await call(post('{"index":4,"category":5}'));
    expect(body.results).toMatchObject([{ error: { message: 'pin.category must be a non-blank string, got 5' } }]);
  });

  test('nesting of 32 levels is taken', async () => {
    const { call } = setup();
    const deep = `{"pin":{"index":4,"category":"a","more":${'['.repeat(30)}${']'.repeat(30)}}}`;
    expect(await call(post(deep))).toMatchObject({ status: 202 });
  });

  test('nesting of a million levels is refused like any other', async () => {
    const { call } = setup();
    const deep = `{"pin":{"index":4,"category":"a","more":${'['.repeat(4e5)}${']'.repeat(4e5)}}}`;
    expect(await call(post(deep))).toMatchObject({ status: 400 });
  });

  test('a post of more than 1 MB is refused with 413, its neighbour taken', async () => {
    const { call, sent } = setup();
    const large = `{"index":5,"category":"a","title":"${'é'.repeat(500_000)}"}`;
    expect(await call(post(large))).toMatchObject({
      status: 413,
      body: { results: [{ status: 413, error: { field: 'record', value: '1000037 bytes' } }] },
    });
    expect(await call(post(`[${large},${PIN}]`))).toMatchObject({ status: 207, body: { accepted: 1, rejected: 1 } });
    expect(sent.map(({ key }) => key)).toEqual(['4']);
  });

  test('a request of more than 5 MB is refused with 413', async () => {
    const { call } = setup();
    const body = `[${`${PIN},`.repeat(95_000)}${PIN}]`;
    expect(await call(post(body))).toMatchObject({
      status: 413,
      body: { error: { field: 'body', value: `${body.length} bytes`, allowed: 'at most 5000000 bytes' } },
    });
  });

  test('bytes that are no UTF-8 are refused', async () => {
    const { call } = setup();
    const bytes = Buffer.concat([Buffer.from('{"index":4,"category":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const event = { ...post(bytes.toString('base64')), isBase64Encoded: true };
    expect(await call(event)).toMatchObject({ status: 400, body: { error: { field: 'body', allowed: 'UTF-8' } } });
  });
});

describe('when kafka does not take it', () => {
  test('503 names what was not taken, with Retry-After', async () => {
    const { call, reports } = setup((key) => key === '5');
    const answer = await call(post(`[${PIN},{"index":5,"category":"a"},{"index":6}]`));
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: {
        accepted: 1,
        rejected: 1,
        notTaken: 1,
        results: [{ status: 202, key: '4' }, { status: 503, key: '5' }, { status: 400 }],
      },
    });
    expect(reports).toMatchObject([{ received: 3, written: 1, rejected: 1 }]);
  });

  test('the REST proxy answers 503 with retriable errors', async () => {
    const { call } = setup(() => true);
    expect(await call(request('POST', '/topics/a.pin', `{"records":[{"value":${PIN}}]}`))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { error_code: 50302, offsets: [{ partition: null, offset: null, error_code: 2 }] },
    });
  });

  test('Kinesis answers ServiceUnavailableException', async () => {
    const { call } = setup(() => true);
    expect(await call(request('PUT', '/streams/a-pin/record', `{"Data":${PIN}}`))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { __type: 'ServiceUnavailableException' },
    });
  });
});

describe('POST /pin, as the emulators of 2022 send', () => {
  test.each(['/pin', '/pin/'])('%s takes a flat pin', async (path) => {
    const { call, sent } = setup();
    expect(await call(request('POST', path, PIN))).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect(sent).toEqual([{ key: '4', value: PIN, headers: { section: 'pin' } }]);
  });

  test('another section is refused', async () => {
    const { call } = setup();
    expect(await call(request('POST', '/pin/', GEO))).toMatchObject({
      status: 400,
      body: { results: [{ error: { field: 'pin.index' } }] },
    });
  });
});

describe('POST /topics/{topic}, as the emulators of 2023 send', () => {
  const topic = (name: string, body: string) => request('POST', `/topics/${name}`, body);

  test('the answer has the form of the REST proxy', async () => {
    const { call, sent } = setup();
    const answer = await call(topic('0a1b2c.geo', `{"records": [{"key":"x", "value": ${GEO}}]}`));
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      offsets: [{ partition: 2, offset: 10, error_code: null, error: null }],
      key_schema_id: null,
      value_schema_id: null,
    });
    expect(sent).toEqual([{ key: '4', value: GEO, headers: { section: 'geo' } }]);
  });

  test('a bad record has its error beside its neighbours’ offsets', async () => {
    const { call } = setup();
    const answer = await call(topic('a.pin', `{"records":[{"value":${PIN}},{"value":{"index":"x"}},{},7]}`));
    expect(answer.status).toBe(200);
    expect(answer.body.offsets).toEqual([
      { partition: 2, offset: 10, error_code: null, error: null },
      { partition: null, offset: null, error_code: 1, error: expect.stringContaining('pin.index must be') },
      { partition: null, offset: null, error_code: 1, error: 'records[2].value must be an object, got nothing' },
      { partition: null, offset: null, error_code: 1, error: 'records[3].value must be an object, got nothing' },
    ]);
  });

  test.each([
    ['malformed JSON', '{"records":', 'body must be JSON'],
    ['no records', '{}', 'records must be an array of at least one {"value":{…}}, got nothing'],
    ['no record', '{"records":[]}', 'records must be an array of at least one {"value":{…}}, got an empty array'],
    ['null', 'null', 'records must be'],
    ['only bad records', '{"records":[{"value":5}]}', 'pin must be an object, got 5'],
  ])('%s is 422', async (_, body, message) => {
    const { call } = setup();
    const answer = await call(topic('a.pin', body));
    expect(answer).toMatchObject({
      status: 422,
      body: { error_code: 42206, message: expect.stringContaining(message) },
    });
  });

  test('a topic without a section is 404', async () => {
    const { call } = setup();
    expect(await call(topic('a.likes', '{}'))).toMatchObject({
      status: 404,
      body: { error_code: 40401, message: 'topic must be a name that ends in .pin, .geo or .user, got "a.likes"' },
    });
  });
});

describe('PUT /streams/{stream}/record, as the streaming emulators of 2023 send', () => {
  const put = (stream: string, body: string) => request('PUT', `/streams/${stream}/record`, body);

  test.each([
    ['an object', GEO],
    ['JSON in a string', JSON.stringify(GEO)],
    ['base64', JSON.stringify(Buffer.from(GEO).toString('base64'))],
  ])('Data may be %s', async (_, data) => {
    const { call, sent } = setup();
    const answer = await call(put('streaming-x-geo', `{"StreamName":"s","Data": ${data},"PartitionKey":"p"}`));
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({ SequenceNumber: '10', ShardId: 'shardId-000000000002' });
    expect(sent).toEqual([{ key: '4', value: GEO, headers: { section: 'geo' } }]);
  });

  test.each([
    ['malformed JSON', '{', 'body must be JSON'],
    ['an array', '[]', 'body must be JSON'],
    ['no Data', '{}', 'Data must be'],
    ['Data that is no JSON', '{"Data":"{x"}', 'Data must be'],
    ['Data in no base64', '{"Data":"!!"}', 'Data must be'],
    ['a number as Data', '{"Data":5}', 'geo must be an object, got 5'],
    ['another section', `{"Data":${PIN}}`, 'geo.ind must be'],
  ])('%s is 400 in the form of Kinesis', async (_, body, message) => {
    const { call } = setup();
    expect(await call(put('a-geo', body))).toMatchObject({
      status: 400,
      body: { __type: 'InvalidArgumentException', message: expect.stringContaining(message) },
    });
  });

  test('a stream without a section is ResourceNotFoundException', async () => {
    const { call } = setup();
    expect(await call(put('a-likes', '{}'))).toMatchObject({
      status: 400,
      body: { __type: 'ResourceNotFoundException' },
    });
  });
});

describe('routes', () => {
  test.each([
    ['GET', '/posts'],
    ['GET', '/'],
    ['POST', '/'],
    ['POST', '/posts/1'],
    ['PUT', '/streams/a-pin'],
    ['POST', '/topics/%'],
  ])('%s %s is 404 and tells the routes there are', async (method, path) => {
    const { call } = setup();
    expect(await call(request(method, path))).toMatchObject({
      status: 404,
      body: { error: { field: 'route', allowed: expect.stringContaining('POST /posts') } },
    });
  });

  test('the name of a stage is no part of the path', async () => {
    const { call } = setup();
    const event = request('POST', '/prod/posts', PIN);
    const staged = { ...event, requestContext: { stage: 'prod', http: { method: 'POST' } } };
    expect(await call(staged)).toMatchObject({ status: 202 });
  });
});
