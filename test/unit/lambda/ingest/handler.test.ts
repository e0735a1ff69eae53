import { GEO, PIN, request, setup } from './harness';

const post = (body: string, contentType = 'application/json') =>
  request('POST', '/posts', body, { 'content-type': contentType });

beforeEach(() => jest.spyOn(process.stdout, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

describe('POST /posts', () => {
  test('the response to a whole post has its position, and its bytes go to kafka unchanged', async () => {
    const { call, sent, reports } = setup();
    const text = `{ "pin": ${PIN},\n "geo": ${GEO} }`;
    expect(await call(post(`\n${text} `))).toMatchObject({
      status: 202,
      body: { accepted: 1, rejected: 0, results: [{ status: 202, key: '4', partition: 2, offset: 10 }] },
    });
    expect(sent).toEqual([{ key: '4', value: text, headers: undefined }]);
    expect(reports).toEqual([
      {
        step: 'ingest',
        ...{ received: 1, written: 1, rejected: 0, failed: 0 },
        batchBytes: Buffer.byteLength(text) + 2,
        bytes: Buffer.byteLength(text),
        duration: 0,
      },
    ]);
  });

  test.each([
    ['pin', PIN],
    ['geo', GEO],
    ['user', '{"ind":"4","age":20}'],
  ])('a flat %s is recognized by its fields and named in a header', async (section, text) => {
    const { call, sent } = setup();
    expect(await call(post(text))).toMatchObject({ status: 202 });
    expect(sent).toEqual([{ key: '4', value: text, headers: { section } }]);
  });

  test('the text of each element of an array is unchanged', async () => {
    const { call, sent } = setup();
    const { status, body } = await call(post(`[ ${PIN} , {"geo":${GEO}}]`));
    expect([status, body.accepted]).toEqual([202, 2]);
    expect(sent.map(({ value }) => value)).toEqual([PIN, `{"geo":${GEO}}`]);
  });

  test.each([
    ['by its content type', 'application/x-ndjson; charset=utf-8'],
    ['by its lines', 'application/json'],
  ])('NDJSON is recognized %s, and a malformed line does not affect its neighbours', async (_, type) => {
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

  test('a byte order mark is not part of the post', async () => {
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

  test('a value that cannot be interpreted is accepted, and the response names quarantine', async () => {
    const { call, sent } = setup();
    const { status, body } = await call(post('{"index":4,"category":"art","follower_count":"abc"}'));
    expect(status).toBe(202);
    expect(body.results).toMatchObject([{ status: 202, quarantine: { field: 'pin.follower_count', value: '"abc"' } }]);
    expect(sent).toHaveLength(1);
  });

  test('a post that is sent twice is accepted twice: it is counted once downstream', async () => {
    const { call, sent } = setup();
    expect(await call(post(`[${PIN},${PIN}]`))).toMatchObject({ status: 202, body: { accepted: 2 } });
    expect(sent).toHaveLength(2);
  });
});

describe('bad input is rejected with field, value and what is allowed', () => {
  test.each([
    ['no body', undefined, { field: 'body', value: 'nothing' }],
    ['blank body', ' \n', { field: 'body', value: 'nothing' }],
    ['malformed JSON', '{"index":', { field: 'body', value: '"{\\"index\\":"' }],
    ['malformed array', `[${PIN},`, { field: 'body' }],
    ['an empty array', '[]', { field: 'body', value: 'an empty array', allowed: 'at least one post' }],
  ])('%s', async (_, body, error) => {
    const { call, sent } = setup();
    const response = await call(request('POST', '/posts', body));
    expect(response).toMatchObject({ status: 400, body: { error: { ...error, message: expect.any(String) } } });
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
    const response = await call(post(body));
    expect(response).toMatchObject({
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

  test('nesting of 32 levels is accepted', async () => {
    const { call } = setup();
    const deep = `{"pin":{"index":4,"category":"a","more":${'['.repeat(30)}${']'.repeat(30)}}}`;
    expect(await call(post(deep))).toMatchObject({ status: 202 });
  });

  test('nesting of a million levels is rejected like any other', async () => {
    const { call } = setup();
    const deep = `{"pin":{"index":4,"category":"a","more":${'['.repeat(4e5)}${']'.repeat(4e5)}}}`;
    expect(await call(post(deep))).toMatchObject({ status: 400 });
  });

  test('a post of more than 1 MB is rejected with 413, its neighbour accepted', async () => {
    const { call, sent } = setup();
    const large = `{"index":5,"category":"a","title":"${'é'.repeat(500_000)}"}`;
    expect(await call(post(large))).toMatchObject({
      status: 413,
      body: { results: [{ status: 413, error: { field: 'record', value: '1000037 bytes' } }] },
    });
    expect(await call(post(`[${large},${PIN}]`))).toMatchObject({ status: 207, body: { accepted: 1, rejected: 1 } });
    expect(sent.map(({ key }) => key)).toEqual(['4']);
  });

  test('a request of more than 4.5 MB is rejected with 413', async () => {
    const { call } = setup();
    const body = `[${`${PIN},`.repeat(95_000)}${PIN}]`;
    expect(await call(post(body))).toMatchObject({
      status: 413,
      body: { error: { field: 'body', value: `${body.length} bytes`, allowed: 'at most 4500000 bytes' } },
    });
  });

  test('bytes that are not UTF-8 are rejected', async () => {
    const { call } = setup();
    const bytes = Buffer.concat([Buffer.from('{"index":4,"category":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const event = { ...post(bytes.toString('base64')), isBase64Encoded: true };
    expect(await call(event)).toMatchObject({ status: 400, body: { error: { field: 'body', allowed: 'UTF-8' } } });
  });
});

describe('without an acknowledgement from kafka', () => {
  test('503 names the records that were not acknowledged, with Retry-After', async () => {
    const { call, reports } = setup((key) => key === '5');
    const response = await call(post(`[${PIN},{"index":5,"category":"a"},{"index":6}]`));
    expect(response).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: {
        accepted: 1,
        rejected: 1,
        notTaken: 1,
        results: [{ status: 202, key: '4' }, { status: 503, key: '5' }, { status: 400 }],
      },
    });
    expect(reports).toMatchObject([{ received: 3, written: 1, rejected: 1, failed: 1 }]);
  });

  test('the REST proxy returns 503 with retriable errors', async () => {
    const { call } = setup(() => true);
    expect(await call(request('POST', '/topics/a.pin', `{"records":[{"value":${PIN}}]}`))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { error_code: 50302, offsets: [{ partition: null, offset: null, error_code: 2 }] },
    });
  });

  test('Kinesis returns ServiceUnavailableException', async () => {
    const { call } = setup(() => true);
    expect(await call(request('PUT', '/streams/a-pin/record', `{"Data":${PIN}}`))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { __type: 'ServiceUnavailableException' },
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
  ])('%s %s is 404 and lists the routes', async (method, path) => {
    const { call } = setup();
    expect(await call(request(method, path))).toMatchObject({
      status: 404,
      body: { error: { field: 'route', allowed: expect.stringContaining('POST /posts') } },
    });
  });

  test('the name of a stage is not part of the path', async () => {
    const { call } = setup();
    const event = request('POST', '/prod/posts', PIN);
    const staged = { ...event, requestContext: { stage: 'prod', http: { method: 'POST' } } };
    expect(await call(staged)).toMatchObject({ status: 202 });
  });
});
