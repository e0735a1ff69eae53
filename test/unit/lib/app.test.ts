/** The app as `cdk synth` runs it: in a separate process, without credentials, with real bundles. */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { context } from '../../../cdk.json';
import { SPARK_JOB_KEY, SPARK_VIEWS_KEY } from '../../../lambda/formats/keys';
import { requiredModules } from '../../support/required-modules';
import { emptyLayers } from '../../support/synth';
import { temporaryFolder } from '../../support/temporary';
import { ROOT } from '../../../tools/kit/root';

interface Run {
  readonly status: number | null;
  readonly stderr: string;
  readonly assembly: string;
}

const KIB = 1024;

/** Limits of bundle sizes: a cold start loads the bundle, and large bundles take longer. */
const BUDGETS: Readonly<Record<string, number>> = {
  Ingest: 320 * KIB,
  Archive: 30 * KIB,
  Aggregate: 420 * KIB,
  Seal: 318 * KIB,
  Compact: 48 * KIB,
  Publish: 414 * KIB,
  Reconcile: 414 * KIB,
  Query: 420 * KIB,
  Canary: 30 * KIB,
};

/** Modules that each bundle leaves to Lambda's runtime and to its layer. @see bundles.test.ts for the modules that those have */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  Ingest: ['@aws-sdk/client-kafka'],
  Archive: ['@aws-sdk/client-s3'],
  Aggregate: [],
  Seal: ['@aws-sdk/client-kafka', '@aws-sdk/client-s3'],
  Compact: ['@aws-sdk/client-s3', '@duckdb/node-api'],
  Publish: ['@aws-sdk/client-s3'],
  Reconcile: ['@aws-sdk/client-s3'],
  Query: [],
  Canary: ['@aws-sdk/client-lambda'],
};

/** Logical ids of the project's functions: the steps and the canary. */
const OURS = /^(?:Steps)?([A-Z][a-z]+)Function[0-9A-F]{8}$/;

interface FunctionResource {
  readonly Type: string;
  readonly Properties: { readonly Code: { readonly S3Key: string } };
}

interface UploadResource {
  readonly Type: string;
  readonly Properties: { readonly SourceObjectKeys: string[]; readonly DestinationBucketKeyPrefix: string };
}

/** Runs `bin/app.ts` of a copy of the repository in which the layers are empty folders. */
function run(directory: string, overrides: Record<string, string>, env: Record<string, string> = {}): Run {
  const assembly = temporaryFolder('assembly');
  // That of a hardened host.
  const umask = process.umask(0o077);
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), 'bin/app.ts'], {
    cwd: directory,
    encoding: 'utf8',
    env: {
      // Nothing from AWS: no credentials, no region, no profile.
      PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(':'),
      HOME: assembly,
      ...env,
      CDK_OUTDIR: assembly,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...overrides }),
    },
  });
  process.umask(umask);
  return { status, stderr, assembly };
}

/** Paths in an assembly that other users may not read. */
function unreadable(assembly: string): string[] {
  return readdirSync(assembly, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const found = statSync(join(assembly, path));
    const needed = found.isDirectory() ? 0o005 : 0o004;
    return (found.mode & needed) !== needed;
  });
}

let copy: string;
beforeAll(() => {
  copy = temporaryFolder('app');
  for (const name of [
    'bin',
    'lib',
    'lambda',
    'observability',
    'tools/capacity',
    'tools/cost',
    'tools/kit',
    'web',
    'stages',
    'spark',
    'dags',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ]) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

describe('synth as a process', () => {
  test('prints one line with the command to run when the layer is missing', () => {
    const { status, stderr } = run(copy, { stage: 'dev' });
    expect(status).toBe(1);
    expect(stderr).toBe(
      "config: the DuckDB layer for arm64 is missing: run 'npm run layers' once, then synthesize again\n",
    );
  }, 60_000);

  test('prints one line about an invalid configuration', () => {
    const { status, stderr } = run(copy, { stage: 'dev', intervalMinutes: '7' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^config: intervalMinutes must be one of 1, 2, 3, [^\n]*, got '7'\n$/);
  }, 60_000);

  test('prints one line about a region of the credentials whose endpoints are elsewhere', () => {
    const { status, stderr } = run(copy, { stage: 'dev' }, { CDK_DEFAULT_REGION: 'cn-north-1' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^config: region must be a region that CDK knows, [^\n]*, got 'cn-north-1'\n$/);
  }, 60_000);

  test("bundles each function into one file without the SDK's clients and DuckDB, and uploads the Spark job where the DAG reads it", () => {
    cpSync(emptyLayers(), join(copy, '.local', 'layers'), { recursive: true });
    const { status, stderr, assembly } = run(copy, { stage: 'local', viewsEngine: 'auto' });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    expect(unreadable(assembly)).toEqual([]);
    const template = JSON.parse(readFileSync(join(assembly, 'pinterest-local-processing.template.json'), 'utf8'));
    const bundles = (Object.entries(template.Resources) as [string, FunctionResource][])
      .filter(([id, { Type }]) => Type === 'AWS::Lambda::Function' && OURS.test(id))
      .map(([id, { Properties }]) => ({
        step: OURS.exec(id)![1],
        directory: join(assembly, `asset.${Properties.Code.S3Key.replace(/\.zip$/, '')}`),
      }));
    expect(bundles.map(({ step }) => step).sort()).toEqual(Object.keys(BUDGETS).sort());
    for (const { step, directory } of bundles) {
      expect(readdirSync(directory).sort()).toEqual(step === 'Query' ? ['index.js', 'page'] : ['index.js']);
      const text = readFileSync(join(directory, 'index.js'), 'utf8');
      if (text.length > BUDGETS[step])
        throw new Error(`${step} has ${text.length} bytes, at most ${BUDGETS[step]} are allowed`);
      expect(text).not.toContain('sourceMappingURL');
      expect({ step, required: requiredModules(join(directory, 'index.js')) }).toEqual({
        step,
        required: REQUIRED[step],
      });
    }

    const [upload] = Object.values(template.Resources as Record<string, UploadResource>).filter(
      ({ Type }) => Type === 'Custom::CDKBucketDeployment',
    );
    const uploaded = upload.Properties.SourceObjectKeys.flatMap((key) =>
      readdirSync(join(assembly, `asset.${key.replace(/\.zip$/, '')}`)),
    ).map((file) => `${upload.Properties.DestinationBucketKeyPrefix}${file}`);
    expect(uploaded.sort()).toEqual([SPARK_JOB_KEY, SPARK_VIEWS_KEY].sort());
  }, 120_000);
});
