import { expect, test } from '@jest/globals';
import { createLogger } from '@loyalty/platform/logging.ts';
import { bringMembershipsUpToDate } from './bring-up-to-date.ts';

const logger = createLogger({ name: 'test', level: 'silent' });

/** Runs the job on what `bringDueUpToDate` answers one after the other, until it has been asked for one more. */
async function run(answers: (number | Error)[]): Promise<number[]> {
  const stopping = new AbortController();
  const limits: number[] = [];
  await bringMembershipsUpToDate({
    async bringDueUpToDate(limit) {
      limits.push(limit);
      const answer = answers[limits.length - 1];
      if (answer === undefined) {
        stopping.abort();
        return 0;
      }
      if (answer instanceof Error) throw answer;
      return answer;
    },
    logger,
    signal: stopping.signal,
    pauseMs: 1,
  });
  return limits;
}

test('goes on while there is more to do, and looks again later', async () => {
  expect(await run([500, 500, 3, 0])).toEqual([500, 500, 500, 500, 500]);
});

test('a failure ends nothing', async () => {
  expect(await run([new Error('the database is away'), 1])).toHaveLength(3);
});

test('goes on at once where few members have much to do, and stops in the middle of a long run', async () => {
  const stopping = new AbortController();
  let batches = 0;
  await bringMembershipsUpToDate({
    async bringDueUpToDate() {
      batches += 1;
      if (batches === 3) stopping.abort();
      return 1;
    },
    logger,
    signal: stopping.signal,
    pauseMs: 60_000,
  });
  expect(batches).toBe(3);
});
