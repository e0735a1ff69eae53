/** The JSON Schema of a post and the OpenAPI document of both APIs, from the types that the code itself uses. */
import { join } from 'node:path';
import { createGenerator, type Schema } from 'ts-json-schema-generator';
import { SECTION_TABLE, SECTIONS } from '../../../lambda/domain/columns';
import { POST_SCHEMA_VERSION } from '../../../lambda/domain/post';
import { CONTENT_ENCODING, ROUTES as INGEST, QUERY_ROUTES, type RouteDoc } from './routes';
import { ROOT } from '../../kit/root';
import { type Generator } from '../generator';

function definitionsOf(path: string): Record<string, Schema> {
  const schema = createGenerator({
    path: join(ROOT, path),
    tsconfig: join(ROOT, 'tsconfig.json'),
    type: '*',
    expose: 'export',
    topRef: true,
    additionalProperties: true,
    skipTypeCheck: true,
    extraTags: ['additionalProperties'],
    sortProps: false,
  }).createSchema('*');
  return (schema.definitions ?? {}) as Record<string, Schema>;
}

/** Redirects the references of a schema to the place that OpenAPI has for them. */
function relocated<T>(schema: T): T {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', '"#/components/schemas/')) as T;
}

/** The definitions that these names refer to, directly or through others. */
function reachable(names: readonly string[], all: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const visit = (name: string): void => {
    if (found[name]) return;
    if (!all[name]) throw new Error(`type ${name} is not exported by the modules that the schemas are made from`);
    found[name] = all[name];
    for (const [, next] of JSON.stringify(all[name]).matchAll(/"#\/definitions\/([^"]+)"/g))
      visit(decodeURIComponent(next));
  };
  names.forEach(visit);
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The type of a section has its name, capitalized. */
const typeOf = (section: string) => section[0].toUpperCase() + section.slice(1);

/** The sections' definitions: each of their fields with its class, and the key under one name at least. */
function classified(definitions: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const marked = SECTIONS.map((section): [string, Schema] => {
    const name = typeOf(section);
    const definition = definitions[name];
    const properties = Object.entries(SECTION_TABLE[section].fields).map(([field, [, dataClass]]) => [
      field,
      { ...(definition.properties?.[field] as Schema), 'x-data-class': dataClass },
    ]);
    const key = Object.entries(SECTION_TABLE[section].fields).flatMap(([field, [kind]]) =>
      kind === 'index' ? field : [],
    );
    const anyOf = key.map((field): Schema => ({
      required: [field],
      properties: { [field]: { $ref: '#/definitions/Index' } },
    }));
    return [name, { ...definition, properties: Object.fromEntries(properties) as Schema['properties'], anyOf }];
  });
  return { ...definitions, ...Object.fromEntries(marked) };
}

export interface Documents {
  readonly post: object;
  readonly openapi: object;
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const text = (description: string, example: string) => ({ description, schema: { type: 'string' }, example });

/** Of answers that can be asked for anew. */
const VALIDATORS = {
  ETag: text('Names what the answer is made of: time boundary, batch rows, position in each partition', 'W/"…"'),
  'Cache-Control': text('5 seconds where the batch layer serves all of the answer', 'private, no-cache'),
};

function headersOf(route: RouteDoc, status: string): object {
  if (status === '503') return { headers: { 'Retry-After': { schema: { type: 'integer' } } } };
  return route.conditional && ['200', '304'].includes(status) ? { headers: VALIDATORS } : {};
}

function contentOf(types: readonly string[]): object {
  if (types.length === 0) return {};
  return {
    content: { 'application/json': { schema: types.length === 1 ? ref(types[0]) : { anyOf: types.map(ref) } } },
  };
}

function operation(route: RouteDoc): object {
  const parameters = [
    ...(route.path.match(/\{(\w+)\}/g) ?? []).map((name) => ({
      name: name.slice(1, -1),
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(route.query ?? []).map(({ name, description, schema }) => ({ name, in: 'query', description, schema })),
    ...(route.compressible ? [CONTENT_ENCODING] : []),
    ...(route.conditional
      ? [{ name: 'If-None-Match', in: 'header', description: 'ETag of an answer', schema: { type: 'string' } }]
      : []),
  ];
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: true,
        content: Object.fromEntries(Object.entries(route.body).map(([type, schema]) => [type, { schema }])),
      },
    }),
    responses: Object.fromEntries(
      Object.entries(route.responses).map(([status, [description, ...types]]) => [
        status,
        { description, ...headersOf(route, status), ...contentOf(types) },
      ]),
    ),
  };
}

function documents(): Documents {
  const post = classified(definitionsOf('lambda/domain/post.ts'));
  const all = { ...definitionsOf('lambda/ingest/api.ts'), ...definitionsOf('lambda/query/api.ts'), ...post };
  const routes = [...INGEST, ...QUERY_ROUTES];
  const used = routes.flatMap(({ responses }) => Object.values(responses).flatMap(([, ...types]) => types));
  const bodies = ['PostRecord', ...SECTIONS.map(typeOf), 'RestProxyRequest', 'KinesisRequest'];
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route);
  return {
    post: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'post.schema.json',
      title: 'Post',
      'x-version': POST_SCHEMA_VERSION,
      description: 'A record of the ingest API: a whole post, or one flat section of it.',
      $ref: '#/definitions/PostRecord',
      definitions: reachable(['PostRecord'], post),
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Pinterest data pipeline',
        version: '1.0.0',
        description: 'Two APIs: ingest accepts posts, query reads the merged batch and speed layers.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      security: [{ sigv4: [] }],
      tags: [{ name: 'ingest' }, { name: 'query' }],
      paths,
      components: {
        securitySchemes: {
          sigv4: {
            type: 'apiKey',
            name: 'Authorization',
            in: 'header',
            description:
              'AWS Signature Version 4, service execute-api; a JWT or no authentication if the configuration has that.',
          },
        },
        schemas: relocated(reachable([...new Set([...used, ...bodies])], all)),
      },
    },
  };
}

const POST = 'docs/schemas/post.schema.json';
const OPENAPI = 'docs/schemas/openapi.json';

export const schemas: Generator = {
  files: [POST, OPENAPI],
  render() {
    const { post, openapi } = documents();
    return { [POST]: JSON.stringify(post), [OPENAPI]: JSON.stringify(openapi) };
  },
};
