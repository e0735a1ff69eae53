const shared = {
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }] },
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/.local/', '<rootDir>/cdk.out/'],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    // No engine, no network, no Docker: under a minute.
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      setupFilesAfterEnv: ['aws-cdk-lib/testhelpers/jest-autoclean'],
    },
    // Real Kafka, Cassandra, S3 …, each started by the suite on free loopback ports.
    { ...shared, displayName: 'integration', testMatch: ['<rootDir>/test/**/*.itest.ts'] },
  ],
};
