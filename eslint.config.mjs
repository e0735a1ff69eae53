import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const PURE = {
  patterns: [
    {
      group: ['@aws-sdk/*', '@smithy/*', 'kafkajs', 'cassandra-driver', '@duckdb/*', 'aws-cdk-lib', 'aws-cdk-lib/*'],
      message: 'a core takes and returns plain values: no SDK, client or CDK here',
    },
    {
      group: ['**/kafka', '**/keyspaces', '**/s3', '**/handler'],
      message: 'a core does not reach for effects',
    },
  ],
};

export default tseslint.config(
  { ignores: ['node_modules/', 'cdk.out/', '.local/', 'coverage/'] },
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
    files: ['lambda/**/core.ts', 'lambda/{domain,formats}/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', PURE] },
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
  // What people look at is printed.
  {
    files: ['bin/**', 'tools/**', 'test/run.ts', 'test/iam/**'],
    rules: { 'no-console': 'off' },
  },
  prettier,
);
