import { expect, test } from '@jest/globals';
import { NotYet } from '../import/sending.ts';
import { createRetries, withRetries } from './retries.ts';

function notYet(reason: string): NotYet {
  return new NotYet(`${reason} for now`, { reason, retryAfterMs: 0 });
}

test('what may pass is tried again, and the reason is given once', async () => {
  const notices: string[] = [];
  const retries = createRetries({ notice: (text) => notices.push(text) });
  let tries = 0;
  const result = await withRetries(retries, async () => {
    tries += 1;
    if (tries < 3) throw notYet('OVERLOADED');
    return 'done';
  });
  expect([result, tries]).toEqual(['done', 3]);
  expect(notices).toEqual(['OVERLOADED for now; trying again']);
});

test('what can not pass is thrown at once', async () => {
  const retries = createRetries({ notice: () => undefined });
  const error = new Error('a fault');
  let tries = 0;
  const failing = withRetries(retries, async () => {
    tries += 1;
    throw error;
  });
  await expect(failing).rejects.toBe(error);
  expect(tries).toBe(1);
});
