import { expect, test } from '@jest/globals';
import { unusedPort } from './free-port.ts';

test('a port for a server that is started later is given out once', async () => {
  const given = new Set<number>();
  // So many that chance alone would give one of them twice.
  for (let count = 1; count <= 400; count++) given.add(await unusedPort());
  expect(given.size).toBe(400);
});
