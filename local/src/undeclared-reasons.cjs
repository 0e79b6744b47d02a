// What each process that the tests start is preloaded with: it notes the failures for reasons that the contract doesn't declare in
// the file of the run. Plain JavaScript without a dependency, because it also runs on the Node of the machine.
const { subscribe } = require('node:diagnostics_channel');
const { appendFileSync } = require('node:fs');

const file = process.env.LOYALTY_TEST_UNDECLARED_REASONS;
// Jest's workers run the test files, and each of those watches for itself.
const isTestWorker = /[\\/]jest-worker[\\/]/.test(process.argv[1] ?? '');

if (file !== undefined && !isTestWorker) {
  subscribe('loyalty.undeclared-reason', ({ method, reason }) => {
    appendFileSync(file, `${JSON.stringify({ method, reason })}\n`);
  });
}
