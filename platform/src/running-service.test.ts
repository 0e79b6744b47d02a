import { expect, test } from '@jest/globals';
import { startWithCleanups } from './running-service.ts';

const ports = { grpcPort: 1, httpPort: 2, managementPort: 3 };

test('what was started last is cleaned up first, and only once', async () => {
  const cleaned: string[] = [];
  const { stop, ...listening } = await startWithCleanups(async (cleanups) => {
    cleanups.push(() => cleaned.push('first'));
    cleanups.push(async () => cleaned.push('second'));
    return ports;
  });
  expect({ listening, cleaned }).toEqual({ listening: ports, cleaned: [] });
  await stop();
  await stop();
  expect(cleaned).toEqual(['second', 'first']);
});

test('a service that fails to start lets go of what it had started', async () => {
  const cleaned: string[] = [];
  const start = startWithCleanups(async (cleanups) => {
    cleanups.push(() => cleaned.push('first'));
    throw new Error('no database');
  });
  await expect(start).rejects.toThrow('no database');
  expect(cleaned).toEqual(['first']);
});
