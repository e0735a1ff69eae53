/** The types of the clients, from the OpenAPI document: TypeScript's by openapi-typescript, Python's as typed dictionaries. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../kit/root';
import { type Generator } from './generator';

const OPENAPI = join(ROOT, 'docs', 'schemas', 'openapi.json');
const TYPESCRIPT = 'clients/typescript/types.ts';
const PYTHON = 'clients/python/pinterest_pipeline/types.py';
/** What the Python client sends and returns; what they refer to follows. */
const PYTHON_TYPES = [
  'PostRecord',
  'IngestResponse',
  'RequestError',
  'ViewResponse',
  'AnswerResponse',
  'BoundaryResponse',
];

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly description?: string;
}

const NAMED: Readonly<Record<string, string>> = {
  string: 'str',
  number: 'float',
  integer: 'int',
  boolean: 'bool',
  null: 'None',
};

const nameOf = (ref: string) => ref.slice(ref.lastIndexOf('/') + 1);
const union = (types: readonly string[]) => [...new Set(types)].join(' | ');
const CONSTANTS = new Map<unknown, string>([
  [null, 'None'],
  [true, 'Literal[True]'],
  [false, 'Literal[False]'],
]);
const literal = (value: unknown) => CONSTANTS.get(value) ?? `Literal[${JSON.stringify(value)}]`;

/** @throws Error naming the schema if Python has no type for it here */
function pythonType(schema: Schema): string {
  if (schema.$ref) return nameOf(schema.$ref);
  if ('const' in schema) return literal(schema.const);
  if (schema.enum) return union(schema.enum.map(literal));
  if (schema.anyOf && !schema.properties) return union(schema.anyOf.map(pythonType));
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return 'Any';
  return union(
    types.map((type) => {
      if (type === 'array') return `list[${pythonType(schema.items ?? {})}]`;
      if (type === 'object') {
        const of = schema.additionalProperties;
        return `dict[str, ${typeof of === 'object' ? pythonType(of) : 'Any'}]`;
      }
      if (!NAMED[type]) throw new Error(`the generator of clients knows no type ${JSON.stringify(schema)}`);
      return NAMED[type];
    }),
  );
}

function definition(name: string, schema: Schema): string {
  const described = schema.description ? `    """${schema.description}"""\n\n` : '';
  const fields = Object.entries(schema.properties ?? {}).map(([field, of]) => {
    const type = pythonType(of);
    return `    ${field}: ${schema.required?.includes(field) ? type : `NotRequired[${type}]`}\n`;
  });
  return `\n\nclass ${name}(TypedDict):\n${described}${fields.join('')}`;
}

/** The names, each after those that it refers to. */
function reachable(names: readonly string[], schemas: Readonly<Record<string, Schema>>): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    const text = JSON.stringify(schemas[name]);
    for (const [, next] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) visit(next);
    found.add(name);
  };
  names.forEach(visit);
  return [...found];
}

function python(): string {
  const { components } = JSON.parse(readFileSync(OPENAPI, 'utf8')) as {
    components: { schemas: Readonly<Record<string, Schema>> };
  };
  const { schemas } = components;
  const names = reachable(PYTHON_TYPES, schemas);
  const isDictionary = (name: string) => schemas[name].properties !== undefined;
  return [
    '"""Generated from docs/schemas/openapi.json by `npm run generate -- clients`."""\n\n',
    'from __future__ import annotations\n\n',
    'from typing import Any, Literal, NotRequired, TypeAlias, TypedDict\n',
    ...names.filter(isDictionary).map((name) => definition(name, schemas[name])),
    // Last, because they are evaluated, and the annotations of a class are not.
    '\n\n',
    ...names.filter((name) => !isDictionary(name)).map((name) => `${name}: TypeAlias = ${pythonType(schemas[name])}\n`),
  ].join('');
}

function typescript(): string {
  const cli = join(dirname(require.resolve('openapi-typescript/package.json')), 'bin', 'cli.js');
  return execFileSync(process.execPath, [cli, OPENAPI], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** After `schemas`, whose document it reads. */
export const clients: Generator = {
  files: [TYPESCRIPT, PYTHON],
  render: () => ({ [TYPESCRIPT]: typescript(), [PYTHON]: python() }),
};
