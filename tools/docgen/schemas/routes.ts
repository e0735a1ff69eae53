/** The routes of both APIs, with the names of their request and response types. */
import { BINARY_TYPES, CODINGS } from '../../../lambda/runtime/http';
import { MAX_REQUEST_BYTES } from '../../../lambda/ingest/core';
import { ANSWER_KINDS, LAYERS, PAGE_ROWS } from '../../../lambda/query/api';
import { COLUMNS, type Column } from '../../../lambda/domain/columns';
import { VIEWS } from '../../../lambda/domain/views';

export interface RouteDoc {
  readonly id: string;
  readonly tag: 'ingest' | 'query';
  readonly method: 'get' | 'post' | 'put';
  readonly path: string;
  readonly summary: string;
  readonly query?: readonly { readonly name: string; readonly description: string; readonly schema: object }[];
  /** Schema of the body by media type. */
  readonly body?: Readonly<Record<string, object>>;
  /** Whether its body may be compressed. */
  readonly compressible?: true;
  /** Whether its answers can be asked for anew with If-None-Match. */
  readonly conditional?: true;
  /** Description of each status, and the types its body may have; 304 has none. */
  readonly responses: Readonly<Record<string, readonly [string, ...string[]]>>;
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const oneOrMany = (name: string) => ({ oneOf: [ref(name), { type: 'array', minItems: 1, items: ref(name) }] });
const lines = (name: string) => ({ type: 'string', description: `One ${name} a line` });

const NAMED =
  'a name that ends in a section (`x.geo`, `x-geo`) says what the record is, after any other name its fields do';

const CODING_REJECTED = `Content-Encoding is none of ${CODINGS.join(', ')}, or the content type is not ${BINARY_TYPES}`;

const NATIVE_RESPONSES: RouteDoc['responses'] = {
  202: ['All records are on the topic, acknowledged by all in-sync replicas', 'IngestResponse'],
  207: ['Some records were accepted, others rejected: see each result', 'IngestResponse'],
  400: ['Nothing was accepted: the body, or every record in it, was rejected', 'IngestResponse', 'RequestError'],
  413: [
    'Larger than 4.5 MB, more than 40,000 records, or every record larger than 1 MB',
    'IngestResponse',
    'RequestError',
  ],
  415: [CODING_REJECTED, 'RequestError'],
  503: ['Some records were not accepted: send those again', 'IngestResponse'],
};

export const ROUTES: readonly RouteDoc[] = [
  {
    id: 'sendPosts',
    tag: 'ingest',
    method: 'post',
    path: '/posts',
    compressible: true,
    summary: 'One post, an array of posts, or NDJSON; whole posts or single sections',
    body: { 'application/json': oneOrMany('PostRecord'), 'application/x-ndjson': lines('post') },
    responses: NATIVE_RESPONSES,
  },
  {
    id: 'sendPin',
    tag: 'ingest',
    method: 'post',
    path: '/pin',
    compressible: true,
    summary: 'A flat pin, as clients of 2022 send',
    body: { 'application/json': oneOrMany('Pin'), 'application/x-ndjson': lines('pin') },
    responses: NATIVE_RESPONSES,
  },
  {
    id: 'sendToTopic',
    tag: 'ingest',
    method: 'post',
    path: '/topics/{topic}',
    compressible: true,
    summary: `Records in the form of the Kafka REST proxy v2; ${NAMED}`,
    body: {
      'application/vnd.kafka.json.v2+json': ref('RestProxyRequest'),
      'application/json': ref('RestProxyRequest'),
    },
    responses: {
      200: ['An offset or an error for each record', 'RestProxyResponse'],
      413: ['Too large', 'RestProxyError'],
      415: [CODING_REJECTED, 'RestProxyError'],
      422: ['The body, or every record in it, was rejected', 'RestProxyError'],
      503: ['Records with error code 2 were not accepted: send those again', 'RestProxyError'],
    },
  },
  {
    id: 'putRecord',
    tag: 'ingest',
    method: 'put',
    path: '/streams/{stream}/record',
    summary: `A record in the form of Kinesis PutRecord; ${NAMED}`,
    body: { 'application/json': ref('KinesisRequest') },
    responses: {
      200: ['Accepted', 'KinesisResponse'],
      400: ['Rejected', 'KinesisError'],
      413: ['Too large', 'KinesisError'],
      415: ['The body is compressed', 'KinesisError'],
      503: ['Not accepted: send it again', 'KinesisError'],
    },
  },
];

/** Of a request whose body may be compressed. */
export const CONTENT_ENCODING = {
  name: 'Content-Encoding',
  in: 'header',
  description: `How the body is compressed, where its type is ${BINARY_TYPES}; at most ${MAX_REQUEST_BYTES} bytes once inflated`,
  schema: { type: 'string', enum: CODINGS, default: CODINGS[0] },
};

const INSTANT = { type: 'string', examples: ['2026-11-22T21:00:00Z', '2026-11-22'] };

const SELECTION: NonNullable<RouteDoc['query']> = [
  { name: 'from', description: 'Intervals that start at this instant or later', schema: INSTANT },
  { name: 'to', description: 'Intervals that start before this instant', schema: INSTANT },
  {
    name: 'top',
    description: 'Only the n rows with the largest values',
    schema: { type: 'integer', minimum: 1, maximum: PAGE_ROWS },
  },
  {
    name: 'layer',
    description: 'The layer to read; merged is batch up to the time boundary and speed after it',
    schema: { type: 'string', enum: [...LAYERS], default: 'merged' },
  },
];

const JSON_TYPES: Readonly<Partial<Record<Column['type'], string>>> = { int: 'integer', long: 'integer' };

/** Any dimension of a view filters it. */
const DIMENSIONS: NonNullable<RouteDoc['query']> = COLUMNS.filter(({ name }) =>
  VIEWS.some(({ dimensions }) => dimensions.includes(name)),
).map(({ name, type, description }) => ({
  name,
  description: `Only rows with this value, where it is a dimension. ${description}`,
  schema: { type: JSON_TYPES[type] ?? 'string' },
}));

const ERRORS: RouteDoc['responses'] = {
  400: ['A parameter is wrong', 'ErrorResponse'],
  404: ['There is nothing of this name', 'ErrorResponse'],
  503: ['The store does not respond', 'ErrorResponse'],
};

const get = (
  path: string,
  id: string,
  summary: string,
  responses: RouteDoc['responses'],
  query?: RouteDoc['query'],
): RouteDoc => ({ id, tag: 'query', method: 'get', path, summary, query, responses });

/** An answer that is computed from rows. */
const answer = (...args: Parameters<typeof get>): RouteDoc => {
  const route = get(...args);
  const unchanged = 'What the answer is made of has not changed since the one that If-None-Match names';
  return { ...route, conditional: true, responses: { ...route.responses, 304: [unchanged] } };
};

export const QUERY_ROUTES: readonly RouteDoc[] = [
  get('/views', 'listViews', 'All views', { 200: ['The views', 'ViewsResponse'] }),
  answer(
    '/views/{view}',
    'readView',
    `One of ${VIEWS.map(({ name }) => name).join(', ')}`,
    {
      200: ['A page of the rows of the view, or answers', 'ViewResponse', 'StandardResponse'],
      ...ERRORS,
      410: ['The rows of the pages before were replaced: start again without a cursor', 'ErrorResponse'],
    },
    [
      ...SELECTION,
      {
        name: 'answer',
        description: 'Every key of the view, or the standard answers that are read from it',
        schema: { type: 'string', enum: [...ANSWER_KINDS], default: 'counts' },
      },
      {
        name: 'limit',
        description: 'The most rows of a page of counts',
        schema: { type: 'integer', minimum: 1, maximum: PAGE_ROWS, default: PAGE_ROWS },
      },
      {
        name: 'cursor',
        description: 'The cursor of the page before, with the same other parameters: the response is the next page',
        schema: { type: 'string' },
      },
      ...DIMENSIONS,
    ],
  ),
  get('/answers', 'listAnswers', 'All standard answers', { 200: ['The answers', 'AnswersResponse'] }),
  answer(
    '/answers/{name}',
    'readAnswer',
    'One of the standard answers',
    { 200: ['Rows of the answer', 'AnswerResponse'], ...ERRORS },
    [...SELECTION, ...DIMENSIONS],
  ),
  get('/boundary', 'readBoundary', 'The time boundary: up to where the batch layer serves', {
    200: ['The boundary', 'BoundaryResponse'],
    503: ERRORS[503],
  }),
  get(
    '/status',
    'readStatus',
    'Boundary, freshness and the metrics of the last half hour; where the configuration has the page',
    { 200: ['The status', 'StatusResponse'], 503: ERRORS[503] },
  ),
  get('/health', 'readHealth', 'Whether the store responds', {
    200: ['It does', 'HealthResponse'],
    503: ['It does not', 'HealthResponse'],
  }),
];
