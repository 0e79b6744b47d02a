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

/**
 * What is wrong after the clocks were compared twice: first as they were, then after the database's and the process's own
 * were set forward.
 */
async function comparedTwice(change: { databaseMs: number; ownMs: number; wasAheadMs?: number }) {
  let elapsedMs = 0;
  let isChanged = false;
  let comparisons = 0;
  const warnings: string[] = [];
  const stopping = new AbortController();
  const watch = createClockWatch({
    clock: () => elapsedMs + (change.wasAheadMs ?? 0) + (isChanged ? change.ownMs : 0),
    elapsedMs: () => elapsedMs,
    async databaseTime() {
      comparisons += 1;
      if (comparisons === 2) stopping.abort();
      return elapsedMs + (isChanged ? change.databaseMs : 0);
    },
    report: () => {
      elapsedMs += 30_000;
      isChanged = true;
    },
    logger: { warn: (_details: unknown, message = '') => void warnings.push(message) },
    pauseMs: 1,
  });
  await watch.run(stopping.signal);
  return { problem: watch.problem(), warnings };
}

test("a database's clock that becomes wrong is named, and takes no ledger out of service", async () => {
  expect(await comparedTwice({ databaseMs: -10_000, ownMs: 0 })).toEqual({
    problem: undefined,
    warnings: [
      "the database's clock has become wrong, it is 10.0 s behind this process's, which hasn't been set since they agreed: synchronize the clock of the database's host with NTP",
    ],
  });
});

test('a clock that is set away from the one of the database takes its ledger out of service', async () => {
  const { problem } = await comparedTwice({ databaseMs: 0, ownMs: 10_000 });
  expect(problem).toMatch(/^the clock is 10\.0 s ahead of the database's/);
});

test('a clock that never agreed with the one of the database takes its ledger out of service', async () => {
  const { problem } = await comparedTwice({ databaseMs: 0, ownMs: 0, wasAheadMs: 10_000 });
  expect(problem).toMatch(/^the clock is 10\.0 s ahead of the database's/);
});

test('a slow answer is not taken for a wrong clock', async () => {
  const slow = await compared({ aheadMs: 6_000, roundTripMs: 3_000 });
  expect(slow).toMatchObject({ problem: undefined, offsetSeconds: 6 });
});
