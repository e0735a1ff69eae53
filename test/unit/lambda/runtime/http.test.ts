import { bodyOf, json, pathSegments, type HttpEvent } from '../../../../lambda/runtime/http';

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
    expect(bodyOf(event(rest))).toEqual(expected);
  });
});

test('a response is JSON with its type', () => {
  expect(json(202, { a: 1 }, { 'retry-after': '2' })).toEqual({
    statusCode: 202,
    headers: { 'content-type': 'application/json', 'retry-after': '2' },
    body: '{"a":1}',
  });
});
