/** The environment variables of each function: those that its bundle reads, all of them and no others. */
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type Tables, type Store } from '../../../lambda/aws/keyspaces/store';
import { keyspacesStore } from '../../../lambda/aws/keyspaces/writer';
import { ENV, type EnvName } from '../../../lambda/runtime/env';
import { ROOT } from '../../../tools/kit/root';
import { synthesize } from '../../support/synth';

type Key = keyof typeof ENV;

/** A handler with what it reaches; what no call reaches is left out. */
function codeOf(folder: string): string {
  const [{ text }] = buildSync({
    entryPoints: [join(ROOT, 'lambda', folder, 'handler.ts')],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  }).outputFiles;
  return text;
}

/** The tables that each method of the store names, seen by calling it. */
async function tablesByMethod(): Promise<ReadonlyMap<string, ReadonlySet<Key>>> {
  let named = new Set<Key>();
  const tables = new Proxy({} as Tables, {
    get: (_, table) => {
      named.add(table as Key);
      return 'some_table';
    },
  });
  const execute = () => Promise.resolve({ rows: [], applied: true });
  const store = keyspacesStore({ execute } as unknown as Parameters<typeof keyspacesStore>[0], tables);
  const anything = Object.assign([0], { view: '', interval: 0, partition: 0, counts: '', state: '' });
  const found = new Map<string, ReadonlySet<Key>>();
  for (const method of Object.keys(store) as (keyof Store)[]) {
    named = new Set();
    await (store[method] as (...values: unknown[]) => Promise<unknown>)(...Array<unknown>(4).fill(anything));
    found.set(method, named);
  }
  return found;
}

let ofTables: ReadonlyMap<string, ReadonlySet<Key>>;
beforeAll(async () => {
  ofTables = await tablesByMethod();
});

const calls = (code: string, method: string) => new RegExp(`\\.${method}\\(`).test(code);

/** Tables are read by way of the store, which knows all of them: those count whose methods are called. */
function readBy(folder: string): EnvName[] {
  const code = codeOf(folder);
  const tables = new Set([...ofTables.values()].flatMap((each) => [...each]));
  const called = new Set([...ofTables].flatMap(([method, each]) => (calls(code, method) ? [...each] : [])));
  const read = [...code.matchAll(/\bENV\d*\.(\w+)/g)].map(([, key]) => key as Key);
  return [...new Set(read)]
    .filter((key) => !tables.has(key) || called.has(key))
    .map((key) => ENV[key])
    .sort();
}

interface Made {
  readonly folder: string;
  readonly set: readonly string[];
}

/** The functions of this repository, by the text of their roles. */
function functionsOf(overrides: Readonly<Record<string, string>>): Made[] {
  return synthesize(overrides).all.flatMap((template) => {
    const roles = template.findResources('AWS::IAM::Role');
    return Object.values(template.findResources('AWS::Lambda::Function')).flatMap(({ Properties }) => {
      const { Role, Environment } = Properties as {
        Role: { 'Fn::GetAtt': [string] };
        Environment?: { Variables: Readonly<Record<string, unknown>> };
      };
      const { Description = '' } = roles[Role['Fn::GetAtt'][0]].Properties as { Description?: string };
      const folder = /^Execution role of (.+)$/.exec(Description)?.[1];
      return folder === undefined ? [] : [{ folder, set: Object.keys(Environment?.Variables ?? {}).sort() }];
    });
  });
}

const everything = functionsOf({ stage: 'prod', page: 'true' });

test.each(everything)('$folder has the variables that it reads, and no others', ({ folder, set }) => {
  expect(set).toEqual(readBy(folder));
});

test('every variable is one of some function', () => {
  const all = new Set(everything.flatMap(({ set }) => set));
  expect([...all].sort()).toEqual(Object.values(ENV).sort());
});

test('query has those of the page only where it serves the page', () => {
  const [withPage] = everything.filter(({ folder }) => folder === 'query');
  const [without] = functionsOf({ stage: 'prod' }).filter(({ folder }) => folder === 'query');
  const ofPage = [ENV.stage, ENV.publishDelayMinutes, ENV.archiveFunction, ENV.aggregateFunction];
  expect(withPage.set).toEqual([...without.set, ...ofPage].sort());
});
