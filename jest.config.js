const shared = {
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }] },
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/.local/', '<rootDir>/cdk.out/'],
};

/** @type {import('jest').Config} */
module.exports = {
  // A machine that is busy is slow: that is no failed test.
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
    // Real Kafka, Cassandra, S3 …, each started by the suite on free loopback ports.
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/**/*.itest.ts'],
      // ES modules only, which Jest can't require. The packages are those of the second Kafka client.
      transform: { ...shared.transform, '/node_modules/@platformatic/.+\\.js$': '@swc/jest' },
      transformIgnorePatterns: ['/node_modules/(?!@platformatic/)'],
    },
  ],
};
