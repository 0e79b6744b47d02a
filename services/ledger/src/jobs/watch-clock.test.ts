import { expect, test } from '@jest/globals';
import { createClockWatch } from './watch-clock.ts';

/** What one comparison finds when the clock is ahead, and the answer takes `roundTripMs`. */
async function compared({ aheadMs, roundTripMs = 2 }: { aheadMs: number; roundTripMs?: number }) {
  let databaseMs = Date.UTC(2026, 0, 1);
  let offsetSeconds: number | undefined;
  const warnings: string[] = [];
  const stopping = new AbortController();
  const watch = createClockWatch({
    clock: () => databaseMs + aheadMs,
    async databaseTime() {
      databaseMs += roundTripMs / 2;
      const answer = databaseMs;
      databaseMs += roundTripMs / 2;
      stopping.abort();
      return answer;
    },
    report: (seconds) => {
      offsetSeconds = seconds;
    },
    logger: { warn: (_details: unknown, message = '') => void warnings.push(message) },
  });
  await watch.run(stopping.signal);
  return { problem: watch.problem(), offsetSeconds, warnings };
}

test.each([0, 20, -4_900, 5_000])('a clock that is %d ms ahead is near enough', async (aheadMs) => {
  expect(await compared({ aheadMs })).toEqual({
    problem: undefined,
    offsetSeconds: aheadMs / 1_000,
    warnings: [],
  });
});

test.each([
  [
    3_600_000,
    "the clock is 3600.0 s ahead of the database's, more than 5 s: synchronize both with NTP",
  ],
  [-10_000, "the clock is 10.0 s behind the database's, more than 5 s: synchronize both with NTP"],
])(
  'a clock that is %d ms ahead is named, and in which direction it is wrong',
  async (aheadMs, problem) => {
    expect(await compared({ aheadMs })).toEqual({
      problem,
      offsetSeconds: aheadMs / 1_000,
      warnings: [problem],
    });
  },
);

test('a slow answer is not taken for a wrong clock', async () => {
  const slow = await compared({ aheadMs: 6_000, roundTripMs: 3_000 });
  expect(slow).toMatchObject({ problem: undefined, offsetSeconds: 6 });
});
