import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/**
 * Layers are folders: what a folder may import is said by its path, so that a new file is covered without a list.
 * ESLint takes only the last `no-restricted-imports` of a file, so each entry below is complete.
 */
const SDKS = [
  '@aws-sdk/*',
  '@smithy/*',
  'kafkajs',
  '@platformatic/*',
  'cassandra-driver',
  '@duckdb/*',
  'aws-cdk-lib',
  'aws-cdk-lib/**',
  'constructs',
];
const FILES_AND_NETWORK = [
  'node:fs',
  'node:fs/*',
  'node:http',
  'node:https',
  'node:net',
  'node:child_process',
  'node:timers/*',
];
const OUTSIDE_PRODUCT = {
  group: ['**/tools/**', '**/test/**'],
  message: 'the product does not import what is not deployed',
};

const only = (what, allowed, groups) => ({
  'no-restricted-imports': [
    'error',
    { patterns: [{ group: groups, message: `${what} may import ${allowed}` }, OUTSIDE_PRODUCT] },
  ],
});
/** Clients are known to one folder each. */
const client = (name, folder) => ({ group: [name], message: `${name} is known to ${folder} only: use its port` });
const KAFKAJS = client('kafkajs', 'lambda/aws/kafka');
/** Holds Kafka's port to a second client; no bundle has it. */
const PLATFORMATIC = client('@platformatic/*', 'test/engines');
const CASSANDRA = client('cassandra-driver', 'lambda/aws/keyspaces and lambda/aws/auth');
const product = (...patterns) => ({
  'no-restricted-imports': ['error', { patterns: [...patterns, PLATFORMATIC, OUTSIDE_PRODUCT] }],
});

export default tseslint.config(
  { ignores: ['node_modules/', 'cdk.out/', '.local/', 'coverage/', 'clients/typescript/{types.ts,dist/}'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-require-imports': 'off',
      eqeqeq: 'error',
      'no-console': ['error'],
    },
  },
  {
    files: ['lambda/**/*.ts', 'lib/**/*.ts', 'observability/**/*.ts', 'web/**/*.ts'],
    rules: product(KAFKAJS, CASSANDRA),
  },
  { files: ['lambda/aws/kafka/*.ts'], rules: product(CASSANDRA) },
  { files: ['lambda/aws/{keyspaces,auth}/*.ts'], rules: product(KAFKAJS) },
  {
    files: ['lambda/domain/**/*.ts'],
    rules: only('lambda/domain', 'itself and node:buffer', [
      ...SDKS,
      ...FILES_AND_NETWORK,
      '**/formats/**',
      '**/aws/**',
      '**/runtime/**',
      '**/handler',
    ]),
  },
  {
    files: ['lambda/formats/**/*.ts'],
    rules: only('lambda/formats', 'itself, lambda/domain, node:buffer and node:zlib', [
      ...SDKS,
      ...FILES_AND_NETWORK,
      '../aws/**',
      '../runtime/**',
      '../*/handler',
    ]),
  },
  {
    files: ['lambda/*/core.ts', 'lambda/provision/*/core.ts'],
    rules: only('a core', 'plain values: no client, no adapter, no handler', [
      ...SDKS,
      ...FILES_AND_NETWORK,
      '**/aws/**',
      './handler',
      '../*/handler',
    ]),
  },
  {
    // Configuration is read in bin/ only: everything below is handed objects.
    files: ['lib/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'the environment is read in bin/ only' },
      ],
    },
  },
  {
    // Benches measure with the fixtures of the tests.
    files: ['tools/**/*.ts'],
    ignores: ['tools/bench/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/test/**'], message: 'tools do not import tests: what both need lives in tools' }] },
      ],
    },
  },
  // What people look at is printed.
  {
    files: [
      'bin/**',
      'tools/**',
      'clients/*/example.mts',
      'test/run.ts',
      'test/iam/**',
      'test/simulation/find-mutations.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  prettier,
);
