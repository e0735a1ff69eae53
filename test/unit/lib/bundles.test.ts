/** Every function of every stage can resolve its modules in Lambda's Node runtime. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { DuckdbLayer } from '../../../lib/constructs/duckdb-layer';
import { type FunctionPlan } from '../../../tools/assembly/local-plan';
import { readNodeFunctions } from '../../support/node-functions';
import { resourcesOf } from '../../../tools/assembly/read-plan';
import { ROOT } from '../../../tools/kit/root';
import { missingInLambda } from '../../support/required-modules';
import { synthesized } from '../../support/synth';
import { temporaryFolder } from '../../support/temporary';

const DEPLOYED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  dev: { stage: 'dev' },
  lean: { stage: 'lean' },
  prod: { stage: 'prod' },
  'prod with the page': { stage: 'prod', page: 'true' },
};

const functionsOf = (overrides: Readonly<Record<string, string>>) => {
  const assembly = synthesized(overrides, { bundled: true });
  return readNodeFunctions(resourcesOf(assembly), assembly);
};

/** CDK's custom resources require the file beside them by a variable. The test checks that file, too. */
const CDK_ENTRY = '__entrypoint__';
const CDK_LOADS = /^unsupported-require-call: require\(exports\.external\.userHandlerIndex\)/;

function missing({ directory, handler, layers }: FunctionPlan): string[] {
  const [name] = handler.split('.');
  const of = (file: string) =>
    missingInLambda(join(directory, `${file}.js`), layers.length > 0 ? DuckdbLayer.MODULES : []);
  return name === CDK_ENTRY ? [...of(name).filter((line) => !CDK_LOADS.test(line)), ...of('index')] : of(name);
}

const STEPS = ['Ingest', 'Archive', 'Aggregate', 'Seal', 'Compact', 'Publish', 'Reconcile', 'Query'];
const own = (functions: readonly FunctionPlan[]) =>
  functions.map(({ logicalId }) => logicalId).filter((id) => !id.startsWith('Custom'));

describe.each(Object.entries(DEPLOYED))('%s', (_name, overrides) => {
  let functions: FunctionPlan[];
  beforeAll(() => {
    functions = functionsOf(overrides);
  });

  test('has all its steps among the checked functions', () => {
    const ids = own(functions);
    for (const step of STEPS) expect(ids.filter((id) => id.startsWith(`Steps${step}Function`))).toHaveLength(1);
  });

  test('requires nothing that the runtime lacks', () => {
    const found = functions.map((each) => [each.path, missing(each)] as const).filter(([, lines]) => lines.length > 0);
    expect(found).toEqual([]);
  });

  test('requires lazily what it needs only later', () => {
    const text = (step: string) => {
      const { directory } = functions.find(({ logicalId }) => logicalId.startsWith(`Steps${step}Function`))!;
      return readFileSync(join(directory, 'index.js'), 'utf8');
    };
    for (const step of ['Ingest', 'Seal']) {
      expect(text(step)).toMatch(/\.then\(\(\)=>[\w$]+\(require\("@aws-sdk\/client-kafka"\)\)\)/);
    }
    expect(text('Compact')).toMatch(/\.then\(\(\)=>[\w$]+\(require\("@duckdb\/node-api"\)\)\)/);
  });
});

test('functions that only some stages have are among them', () => {
  const ids = own(functionsOf(DEPLOYED.prod));
  for (const name of ['Canary', 'PrometheusMskNodes', 'GrafanaContent', 'SparkStopper']) {
    expect(ids.filter((id) => id.startsWith(name))).toHaveLength(1);
  }
});

describe('the check finds', () => {
  const checked = (code: string, layerModules: readonly string[] = []) => {
    const file = join(temporaryFolder('checked'), 'index.js');
    writeFileSync(file, code);
    return missingInLambda(file, layerModules);
  };

  test.each(['ingest', 'aggregate', 'seal', 'publish', 'reconcile', 'query'])(
    'the signer, if the bundle of %s leaves @smithy to the runtime',
    (step) => {
      const outfile = join(temporaryFolder('left'), 'index.js');
      mkdirSync(join(outfile, '..'), { recursive: true });
      buildSync({
        entryPoints: [join(ROOT, 'lambda', step, 'handler.ts')],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        minify: true,
        external: ['@aws-sdk/*', '@smithy/*'],
        logLevel: 'silent',
      });
      expect(missingInLambda(outfile, [])).toContain('require-call of @smithy/signature-v4');
    },
  );

  test.each([
    ['a helper of the SDK', `require("@aws-sdk/lib-storage")`, ['require-call of @aws-sdk/lib-storage']],
    ['a file inside a client', `require("@aws-sdk/client-s3/dist")`, ['require-call of @aws-sdk/client-s3/dist']],
    ['an optional module', `try { require("kerberos") } catch {}`, ['require-call of kerberos']],
    ['a look-up', `require.resolve("kafkajs")`, ['require-resolve of kafkajs']],
    ['an import of a module that Node does not have', `import("@aws-sdk/client-s3")`, ['import of @aws-sdk/client-s3']],
    [
      'the module of a layer that the function lacks',
      `require("@duckdb/node-api")`,
      ['require-call of @duckdb/node-api'],
    ],
    ['a name that is computed', `require(process.argv[2])`, [expect.stringMatching(/^unsupported-require-call: /)]],
    ['require under another name', `const r = require; r("x")`, [expect.stringMatching(/^indirect-require: /)]],
    ['an import that is computed', `import(process.argv[2])`, [expect.stringMatching(/^unsupported-dynamic-import: /)]],
  ])('%s', (_what, code, lines) => {
    expect(checked(code)).toEqual(lines);
  });

  test('nothing in modules of the runtime and the layers, or in text', () => {
    const code = `require("node:fs"); require("tls"); require("@aws-sdk/client-s3"); require("@duckdb/node-api"); import("node:fs");
      const text = 'require("x")'; if (require.main && require.main.filename) console.log(text);`;
    expect(checked(code, DuckdbLayer.MODULES)).toEqual([]);
  });
});
