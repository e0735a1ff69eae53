import { type RoutePlan } from '../../../../../tools/assembly/local-plan';
import { type HttpRequest, matchRoute, toEvent, toResponse } from '../../../../../tools/local/aws/http-event';

const routes = (...keys: string[]): RoutePlan[] =>
  keys.map((routeKey) => ({ routeKey, functionName: 'f', timeoutMs: 1000, iam: false }));

describe('the route of a request', () => {
  const all = routes(
    'GET /views',
    'GET /views/{view}',
    'GET /views/all',
    'ANY /views/{view}',
    'GET /{proxy+}',
    '$default',
  );
  test.each([
    ['GET', '/views', 'GET /views', {}],
    ['GET', '/views/x%20y', 'GET /views/{view}', { view: 'x y' }],
    ['GET', '/views/all', 'GET /views/all', {}],
    ['PUT', '/views/x', 'ANY /views/{view}', { view: 'x' }],
    ['GET', '/a/b%2Fc/d', 'GET /{proxy+}', { proxy: 'a/b/c/d' }],
    ['GET', '/views/', 'GET /{proxy+}', { proxy: 'views/' }],
    ['POST', '/nowhere', '$default', {}],
    ['GET', '/', '$default', {}],
  ])('%s %s is %s', (method, path, routeKey, pathParameters) => {
    expect(matchRoute(all, method, path)).toMatchObject({ route: { routeKey }, pathParameters });
  });

  test('does not depend on the order of the routes', () => {
    const reversed = [...all].reverse();
    expect(matchRoute(reversed, 'GET', '/views/all')?.route.routeKey).toBe('GET /views/all');
    expect(matchRoute(reversed, 'GET', '/views/x')?.route.routeKey).toBe('GET /views/{view}');
  });

  test('is undefined where method or path differ, even by a trailing slash', () => {
    const two = routes('POST /pin', 'GET /views/{view}');
    expect(
      ['GET /pin', 'POST /pin/', 'POST /pins', 'GET /views/', 'GET /views/a/b'].map((request) => {
        const [method, path] = request.split(' ');
        return matchRoute(two, method, path);
      }),
    ).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

const request = (overrides: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url: '/topics/a%20b?x=1&x=2&y=%26',
  headers: {
    host: '127.0.0.1:8080',
    'content-type': 'application/json',
    'x-many': 'a, b',
    cookie: 'c=1; d=2',
    'user-agent': 'test/1',
  },
  body: Buffer.from('{"a":"ü"}'),
  sourceIp: '127.0.0.1',
  protocol: 'HTTP/1.1',
  ...overrides,
});

const eventOf = (overrides: Partial<HttpRequest> = {}) => {
  const http = request(overrides);
  const match = matchRoute(routes('POST /topics/{topic}'), http.method, http.url.split('?')[0])!;
  return JSON.parse(JSON.stringify(toEvent('api1', match, http, 'id-1', new Date(Date.UTC(2026, 10, 3, 4, 5, 6)))));
};

test('the event is payload format 2.0', () => {
  expect(eventOf()).toEqual({
    version: '2.0',
    routeKey: 'POST /topics/{topic}',
    rawPath: '/topics/a b',
    rawQueryString: 'x=1&x=2&y=%26',
    cookies: ['c=1', 'd=2'],
    headers: { host: '127.0.0.1:8080', 'content-type': 'application/json', 'x-many': 'a, b', 'user-agent': 'test/1' },
    queryStringParameters: { x: '1,2', y: '&' },
    requestContext: {
      accountId: '000000000000',
      apiId: 'api1',
      domainName: '127.0.0.1:8080',
      domainPrefix: '127',
      http: { method: 'POST', path: '/topics/a b', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test/1' },
      requestId: 'id-1',
      routeKey: 'POST /topics/{topic}',
      stage: '$default',
      time: '03/Nov/2026:04:05:06 +0000',
      timeEpoch: Date.UTC(2026, 10, 3, 4, 5, 6),
    },
    pathParameters: { topic: 'a b' },
    body: '{"a":"ü"}',
    isBase64Encoded: false,
  });
});

test('what a request does not have is absent from the event', () => {
  const event = eventOf({ url: '/topics/a', headers: {}, body: Buffer.alloc(0) });
  expect(Object.keys(event).sort()).toEqual([
    'headers',
    'isBase64Encoded',
    'pathParameters',
    'rawPath',
    'rawQueryString',
    'requestContext',
    'routeKey',
    'version',
  ]);
  expect(event.rawQueryString).toBe('');
});

test.each([
  ['application/json', '{}', false],
  ['application/json; charset=utf-8', '{}', false],
  ['text/plain', 'x', false],
  ['application/xml', '<a/>', false],
  ['application/vnd.kafka.json.v2+json', '{}', true],
  ['application/x-ndjson', '{}', true],
  ['application/octet-stream', 'x', true],
  [undefined, '{}', true],
  ['application/json', Buffer.from([0x22, 0xff, 0x22]), true],
])('a body of type %s (%j) comes in base64: %s', (type, body, isBase64Encoded) => {
  const bytes = Buffer.from(body as string);
  const event = eventOf({ headers: { 'content-type': type }, body: bytes });
  expect(event.isBase64Encoded).toBe(isBase64Encoded);
  expect(Buffer.from(event.body, isBase64Encoded ? 'base64' : 'utf8')).toEqual(bytes);
});

describe('the response', () => {
  const text = (payload: unknown) => {
    const { statusCode, headers, body } = toResponse(JSON.stringify(payload));
    return { statusCode, headers, body: body.toString('utf8') };
  };

  test('has what the function returns: status, headers in lower case, cookies, body', () => {
    expect(
      text({
        statusCode: 207,
        headers: { 'Content-Type': 'application/json', 'Retry-After': 1 },
        cookies: ['a=1'],
        body: '{}',
      }),
    ).toEqual({
      statusCode: 207,
      headers: { 'content-type': 'application/json', 'retry-after': '1', 'set-cookie': ['a=1'] },
      body: '{}',
    });
  });

  test('is decoded if the function returns base64', () => {
    expect(text({ statusCode: 200, body: 'aGk=', isBase64Encoded: true }).body).toBe('hi');
  });

  test('is JSON with status 200 if the function returns no status', () => {
    expect(text({ a: 1 })).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    });
  });

  test.each([{ statusCode: 'x' }, { statusCode: 1000 }, { statusCode: 200, body: { a: 1 } }])(
    'is 500 for the malformed %j',
    (payload) => {
      expect(text(payload)).toMatchObject({ statusCode: 500, body: '{"message":"Internal Server Error"}' });
    },
  );
});
