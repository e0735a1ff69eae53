import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { bodyOf, json, pathSegments, type HttpEvent } from '../../../../lambda/runtime/http';
import { sentence } from '../../../../lambda/domain/validation-error';

const event = (rest: Partial<HttpEvent> & { stage?: string }): HttpEvent => ({
  rawPath: '/',
  requestContext: { stage: rest.stage ?? '$default', http: { method: 'POST' } },
  ...rest,
});

test.each([
  ['/', []],
  ['/posts', ['posts']],
  ['/pin/', ['pin']],
  ['//topics//a%2Eb', ['topics', 'a.b']],
  ['/topics/%', undefined],
])('the segments of %s are %p', (rawPath, segments) => {
  expect(pathSegments(event({ rawPath }))).toEqual(segments);
});

test('the name of a stage is removed, but not twice', () => {
  expect(pathSegments(event({ rawPath: '/prod/prod', stage: 'prod' }))).toEqual(['prod']);
});

describe('a body', () => {
  test.each([
    ['none', {}, { text: '', bytes: 0, valid: true }],
    ['null', { body: null }, { text: '', bytes: 0, valid: true }],
    ['text', { body: 'é' }, { text: 'é', bytes: 2, valid: true }],
    ['base64', { body: 'w6k=', isBase64Encoded: true }, { text: 'é', bytes: 2, valid: true }],
    ['a byte order mark', { body: '\ufeff{}' }, { text: '{}', bytes: 5, valid: true }],
    ['bytes that are not UTF-8', { body: '/w==', isBase64Encoded: true }, { text: '\ufffd', bytes: 1, valid: false }],
    ['half a character', { body: '\ud800' }, { text: '\ud800', bytes: 3, valid: false }],
  ])('%s', (_, rest, expected) => {
    expect(bodyOf(event(rest), 100)).toEqual(expected);
  });

  const compressed = (coding: string, bytes: Buffer, rest: Partial<HttpEvent> = {}) =>
    event({
      headers: { 'content-encoding': coding, 'content-type': 'application/x-ndjson' },
      body: bytes.toString('base64'),
      isBase64Encoded: true,
      ...rest,
    });

  test.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['identity', (bytes: Buffer) => bytes],
  ])('may be in %s', (coding, compress) => {
    expect(bodyOf(compressed(coding, compress(Buffer.from('é'))), 100)).toEqual({ text: 'é', bytes: 2, valid: true });
  });

  const why = (rejected: ReturnType<typeof bodyOf>) =>
    'ok' in rejected ? [rejected.status, sentence(rejected.validationError)] : rejected;

  test('that inflates beyond the limit is never held', () => {
    const bomb = compressed('gzip', gzipSync(Buffer.alloc(50_000_000)));
    const before = process.memoryUsage().arrayBuffers;
    expect(why(bodyOf(bomb, 5_000_000))).toEqual([
      413,
      'body must be at most 5000000 bytes, got more than 5000000 bytes once inflated',
    ]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  test.each([
    [
      'an unknown coding',
      compressed('lzw', Buffer.from('x')),
      415,
      'content-encoding must be one of identity, gzip, deflate, br, zstd, got lzw',
    ],
    [
      'bytes that are not compressed',
      compressed('gzip', Buffer.from('{}')),
      400,
      'body must be compressed with gzip, as content-encoding says, got other bytes',
    ],
    [
      'a cut-off body',
      compressed('gzip', gzipSync(Buffer.from('{"a":1}')).subarray(0, 15)),
      400,
      'body must be compressed with gzip, as content-encoding says, got other bytes',
    ],
    [
      'a type of which API Gateway makes text',
      compressed('gzip', gzipSync(Buffer.from('{}')), {
        headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
        isBase64Encoded: false,
      }),
      415,
      'content-type must be application/x-ndjson or application/vnd.kafka.json.v2+json where content-encoding is gzip, got application/json',
    ],
  ] as const)('with %s is rejected', (_, compressedEvent, status, message) => {
    expect(why(bodyOf(compressedEvent, 100))).toEqual([status, message]);
  });
});

test('a response is JSON with its type', () => {
  expect(json(202, { a: 1 }, { 'retry-after': '2' })).toEqual({
    statusCode: 202,
    headers: { 'content-type': 'application/json', 'retry-after': '2' },
    body: '{"a":1}',
  });
});
