import { GEO, PIN, request, setup } from './harness';

describe('POST /pin, as the load generators of 2022 send', () => {
  test.each(['/pin', '/pin/'])('%s accepts a flat pin', async (path) => {
    const { call, sent } = setup();
    expect(await call(request('POST', path, PIN))).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect(sent).toEqual([{ key: '4', value: PIN, headers: { section: 'pin' } }]);
  });

  test('another section is rejected', async () => {
    const { call } = setup();
    expect(await call(request('POST', '/pin/', GEO))).toMatchObject({
      status: 400,
      body: { results: [{ error: { field: 'pin.index' } }] },
    });
  });
});

describe('POST /topics/{topic}, as the load generators of 2023 send', () => {
  const topic = (name: string, body: string) => request('POST', `/topics/${name}`, body);

  test('the response has the form of the REST proxy', async () => {
    const { call, sent } = setup();
    const response = await call(topic('0a1b2c.geo', `{"records": [{"key":"x", "value": ${GEO}}]}`));
    expect(response).toMatchObject({ status: 200 });
    expect(response.body).toEqual({
      offsets: [{ partition: 2, offset: 10, error_code: null, error: null }],
      key_schema_id: null,
      value_schema_id: null,
    });
    expect(sent).toEqual([{ key: '4', value: GEO, headers: { section: 'geo' } }]);
  });

  test('a bad record has its error beside its neighbours’ offsets', async () => {
    const { call } = setup();
    const response = await call(topic('a.pin', `{"records":[{"value":${PIN}},{"value":{"index":"x"}},{},7]}`));
    expect(response.status).toBe(200);
    expect(response.body.offsets).toEqual([
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
    const response = await call(topic('a.pin', body));
    expect(response).toMatchObject({
      status: 422,
      body: { error_code: 42206, message: expect.stringContaining(message) },
    });
  });

  test.each(['0a1b2c.geo', 'streaming-x-geo', 'everything'])(
    'a section sent to the topic %s is known',
    async (name) => {
      const { call, sent } = setup();
      expect(await call(topic(name, `{"records":[{"value":${GEO}}]}`))).toMatchObject({ status: 200 });
      expect(sent).toEqual([{ key: '4', value: GEO, headers: { section: 'geo' } }]);
    },
  );

  test('a header counts the records that go to quarantine, whose offsets look like the others’', async () => {
    const { call } = setup();
    const dated = '{"ind":5,"age":20,"date_joined":"10/24/2015, 11:23:51"}';
    const user = (...records: string[]) =>
      topic('x.user', `{"records":[${records.map((value) => `{"value":${value}}`).join()}]}`);
    expect((await call(user('{"ind":4,"age":20}', dated))).headers).toMatchObject({ 'x-quarantined-records': '1' });
    expect((await call(user('{"ind":4,"age":20}'))).headers).not.toHaveProperty('x-quarantined-records');
    const put = request('PUT', '/streams/x-user/record', `{"Data":${dated}}`);
    expect(await call(put)).toMatchObject({ status: 200, headers: { 'x-quarantined-records': '1' } });
  });
});

describe('PUT /streams/{stream}/record, as the streaming load generators of 2023 send', () => {
  const put = (stream: string, body: string) => request('PUT', `/streams/${stream}/record`, body);

  test.each([
    ['an object', GEO],
    ['JSON in a string', JSON.stringify(GEO)],
    ['base64', JSON.stringify(Buffer.from(GEO).toString('base64'))],
  ])('Data may be %s', async (_, data) => {
    const { call, sent } = setup();
    const response = await call(put('streaming-x-geo', `{"StreamName":"s","Data": ${data},"PartitionKey":"p"}`));
    expect(response).toMatchObject({ status: 200 });
    expect(response.body).toEqual({ SequenceNumber: '10', ShardId: 'shardId-000000000002' });
    expect(sent).toEqual([{ key: '4', value: GEO, headers: { section: 'geo' } }]);
  });

  test.each([
    ['malformed JSON', '{', 'body must be JSON'],
    ['an array', '[]', 'body must be JSON'],
    ['no Data', '{}', 'Data must be'],
    ['Data that is not JSON', '{"Data":"{x"}', 'Data must be'],
    ['Data that is not base64', '{"Data":"!!"}', 'Data must be'],
    ['a number as Data', '{"Data":5}', 'geo must be an object, got 5'],
    ['another section', `{"Data":${PIN}}`, 'geo.ind must be'],
  ])('%s is 400 in the form of Kinesis', async (_, body, message) => {
    const { call } = setup();
    expect(await call(put('a-geo', body))).toMatchObject({
      status: 400,
      body: { __type: 'InvalidArgumentException', message: expect.stringContaining(message) },
    });
  });

  test('one stream may take every section, as the newest clients send', async () => {
    const { call, sent } = setup();
    for (const data of [PIN, GEO, '{"ind":4,"age":20}']) {
      expect(await call(put('Kinesis-Prod-Stream', `{"Data":${data}}`))).toMatchObject({ status: 200 });
    }
    expect(sent.map(({ headers }) => headers?.section)).toEqual(['pin', 'geo', 'user']);
    expect(await call(put('Kinesis-Prod-Stream', '{"Data":{"ind":4}}'))).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('got fields ind') },
    });
  });
});
