import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/.local/'],
  modulePathIgnorePatterns: ['<rootDir>/.local/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          transform: { verbatimModuleSyntax: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  globalSetup: '<rootDir>/local/src/test-environment-setup.ts',
  globalTeardown: '<rootDir>/local/src/test-environment-teardown.ts',
  // Tests wait for servers more than they compute. A percentage above 100 would be taken as a number.
  maxWorkers: 2 * availableParallelism(),
  // A worker keeps what each test file has loaded: 1.8 GB by the end of a run.
  workerIdleMemoryLimit: '600MB',
  injectGlobals: false,
  setupFilesAfterEnv: [
    '<rootDir>/local/test/patience-setup.ts',
    '<rootDir>/local/test/undeclared-reasons-setup.ts',
  ],
};
