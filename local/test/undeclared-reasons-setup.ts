import { afterAll } from '@jest/globals';
import { watchUndeclaredReasons } from '@loyalty/local/undeclared-reasons.ts';

// What jest calls before each test file.
const undeclaredReasons = watchUndeclaredReasons();
afterAll(() => {
  const problem = undeclaredReasons.stop();
  if (problem !== undefined) throw new Error(problem);
});
