const shared = {
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }] },
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/.local/', '<rootDir>/cdk.out/'],
};

/** @type {import('jest').Config} */
module.exports = {
  // A test on a busy machine is slow, and that is no failure.
  testTimeout: 60_000,
  projects: [
    // No engine, no network, no Docker.
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/synthesis/setup.ts',
      globalTeardown: '<rootDir>/test/support/synthesis/teardown.ts',
    },
    // Real Kafka, Cassandra, S3 …, each started by the test file on free loopback ports.
    {
      ...shared,
      displayName: 'engines',
      testMatch: ['<rootDir>/test/engines/**/*.itest.ts'],
      // ES modules only, which Jest can't require. The packages are those of the second Kafka client.
      transform: { ...shared.transform, '/node_modules/@platformatic/.+\\.js$': '@swc/jest' },
      transformIgnorePatterns: ['/node_modules/(?!@platformatic/)'],
    },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.itest.ts'] },
  ],
};
