/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const swc = {
  jsc: {
    target: 'es2022',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
} as const;

const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@kafka-worker/(engine|kafkajs|testing|nestjs|postgres|redis|dlq)$': '<rootDir>/packages/$1/src/index.ts',
    '^@kafka-worker/(testing|nestjs)/(conformance|simulator|testing|admin|logging|otel|prometheus|terminus)$':
      '<rootDir>/packages/$1/src/$2/index.ts',
    '^@app/(kafka-cluster|doc-blocks|services)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
} satisfies Config;

/**
 * unit   pure code, no I/O
 * e2e    whole apps on the in-memory cluster
 * kafka  whole apps, packed tarballs and drivers on a real broker: one cluster for the whole run
 */
export default {
  // what is played in virtual time takes what the machine takes: Jest's own 5 s say nothing of the code
  testTimeout: 30_000,
  // all of them: Jest leaves one core to itself, which of two is half
  maxWorkers: '100%',
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{packages,libs,apps}/*/{src,test}/**/*.spec.ts'] },
    { ...base, displayName: 'e2e', testMatch: ['<rootDir>/{packages,libs,apps}/*/test/**/*.e2e-spec.ts'] },
    {
      ...base,
      displayName: 'kafka',
      testMatch: ['<rootDir>/{packages,libs,apps}/*/test/**/*.kafka-spec.ts'],
      globalSetup: '<rootDir>/libs/kafka-cluster/src/jest-global-setup.ts',
      globalTeardown: '<rootDir>/libs/kafka-cluster/src/jest-global-teardown.ts',
    },
  ],
} satisfies Config;
