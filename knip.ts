/** What is in use: everything that these reach. @see https://knip.dev/reference/configuration */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KnipConfig } from 'knip';

const list = readFileSync(join(__dirname, 'tools', 'commands.ts'), 'utf8');
/** Loaded by name when a command runs. */
const COMMANDS = [...list.matchAll(/require\('\.\/(.+)'\)/g)].map(([, path]) => `tools/${path}.ts!`);

const config: KnipConfig = {
  entry: [
    'bin/app.ts!',
    'lambda/**/handler.ts!',
    'lambda/runtime/*-stub.ts!',
    'web/page.ts!',
    'clients/typescript/example.mts!',
    'tools/pipeline.ts!',
    'tools/setup/setup.mjs!',
    'lambda/compact/layer/fetch.mjs!',
    'tools/engines/index.ts!',
    'tools/engines/**/*.mjs!',
    'tools/engines/train.ts!',
    'tools/local/aws/*.mjs!',
    ...COMMANDS,
    'test/**/*.itest.ts',
    'test/support/synthesis/*.ts',
    'test/formats/make.ts',
    'test/simulation/find-mutations.ts',
  ],
  project: ['{bin,clients,lib,observability}/**/*.{ts,mts}!', '{lambda,web,tools}/**/*.{ts,mjs,cjs}!', 'test/**/*.ts'],
  // Generated with everything that such a document may have.
  ignore: ['clients/typescript/types.ts'],
  ignoreBinaries: ['tsx', 'mvn', 'promtool', 'unshare'],
  ignoreExportsUsedInFile: true,
};

export default config;
