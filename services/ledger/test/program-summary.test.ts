// What GetProgramSummary returns, against the balances of all members and the sums of their journals.

import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import { getProgramSummary } from '../src/app/get-program-summary.ts';
import { createProgramSummaries, type ProgramSummary } from '../src/app/program-summaries.ts';
import type { Balance } from '../src/domain/balance.ts';
import { createProgramTotalsReader } from '../src/storage/read-program-totals.ts';
import { createReportPool } from '../src/storage/report-pool.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  rewards,
  startUseCases,
} from './commit-fixture.ts';
import { createRandom } from './model/random.ts';

const dayMs = 86_400_000;
const timeZone = 'America/New_York';
const glass = {
  programId: 'wine-dine',
  rewardId: 'glass',
  displayName: 'A glass',
  price: { case: 'fixed' as const, value: { points: 10n } },
};

const days = (value: number) => ({ period: { case: 'days' as const, value } });
const from = (date: string) => ({ timeZone, effectiveTime: timestampFromDate(new Date(date)) });

const program = aProgram({
  clock: createZoneClock(timeZone),
  rewards: rewards({ ...glass, stock: { limit: 1_000n } }, { ...glass, rewardId: 'song' }),
  // The first points die young, the next live as long as their member comes back, and the last don't expire.
  ruleSets: [
    aRuleSet({
      ...from('2020-01-01Z'),
      version: 1,
      maturation: { policy: { case: 'after', value: { days: 5 } } },
      expiry: { policy: { case: 'after', value: days(40) } },
    }),
    aRuleSet({
      ...from('2026-02-10Z'),
      version: 2,
      expiry: { policy: { case: 'inactivity', value: { months: 2 } } },
    }),
    aRuleSet({
      ...from('2026-04-20Z'),
      version: 3,
      maturation: { policy: { case: 'after', value: { days: 20 } } },
    }),
  ],
});
const other = aProgram({ programId: 'other' });

type Ledger = Awaited<ReturnType<typeof startUseCases>>;
let ledger: Ledger;
let reports: ReturnType<typeof createReportPool>;
const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);
let now = Date.parse('2026-01-10T12:00:00Z');

function setTime(ms: number): void {
  now = ms;
  ledger.setClock(new Date(now));
}

/** As a process that has just been started does. */
async function summaryNow(period: { start?: string; end?: string } = {}): Promise<ProgramSummary> {
  const catalog = { get: async () => program, getLatest: async () => program };
  const clock = () => now;
  const readTotals = createProgramTotalsReader(reports.pool);
  const app = { catalog, clock, summaries: createProgramSummaries({ clock, readTotals }) };
  const ms = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  return await getProgramSummary(app, {
    programId: program.programId,
    startTime: ms(period.start),
    endTime: ms(period.end),
  });
}

beforeAll(async () => {
  ledger = await startUseCases(program, other);
  reports = createReportPool({
    url: ledger.databaseUrl,
    applicationName: 'test',
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  setTime(now);
  await ledger.earn(
    {
      ...aPurchase({ userId: 'stranger', minorUnits: 1_000_000n, occurTime: new Date(now) }),
      programId: 'other',
    },
    author,
  );
  for (let step = 0; step < 600; step += 1) {
    await doSomething(step);
    setTime(now + random.below(dayMs / 2));
  }
}, patience(120_000));
afterAll(async () => {
  await reports.close();
  await ledger.stop();
}, patience(60_000));

const random = createRandom(20_260_110);
const transactions: string[] = [];
const redemptions: { userId: string; redemptionId: string }[] = [];

/** A random act of a random member. What the ledger refuses is none. */
async function doSomething(step: number): Promise<void> {
  const userId = random.pick(users);
  const member = { programId: program.programId, userId };
  const act = random.below(20);
  try {
    if (act < 9) {
      const transactionId = `order-${step}`;
      const minorUnits = BigInt(random.below(200_000));
      const occurTime = new Date(now - random.below(3) * dayMs);
      await ledger.earn(aPurchase({ userId, transactionId, minorUnits, occurTime }), author);
      transactions.push(transactionId);
    } else if (act < 13) {
      const capture = random.chance(0.5) ? 'HOLD' : 'IMMEDIATE';
      const holdSeconds = capture === 'HOLD' ? 1 + random.below(20 * 86_400) : undefined;
      const rewardId = random.pick(['glass', 'song']);
      const { redemption } = await ledger.redeem(
        aRedemption({ userId, capture, holdSeconds, rewardId }),
        author,
      );
      redemptions.push({ userId, redemptionId: redemption.redemptionId });
    } else if (act < 15) {
      const transactionId = random.pick(transactions);
      const extent = { kind: 'FULL' } as const;
      const refund = { programId: program.programId, transactionId, refundId: `r-${step}` };
      await ledger.reverseEarn({ ...refund, extent }, author);
    } else if (act < 17) {
      const one = { programId: program.programId, ...random.pick(redemptions) };
      const part = { kind: 'ALL' } as const;
      const acts = [
        () => ledger.capture({ ...one, part }, author),
        () => ledger.cancel({ ...one, byMember: false }, author),
        () => ledger.reverse({ ...one, part, idempotencyKey: `key-${step}` }, author),
      ];
      await random.pick(acts)();
    } else if (act < 19) {
      const points = BigInt(random.below(100) - 40);
      const adjustment = { idempotencyKey: `key-${step}`, points, reason: 'test' };
      await ledger.adjust({ ...member, ...adjustment, allowDeficit: true }, author);
    } else {
      const membership = random.pick([
        () => ledger.suspend(member, author),
        () => ledger.resume(member, author),
        () => ledger.leave({ ...member, byMember: false }, author),
        () => ledger.join({ ...member, byMember: true, attributes: {} }, author),
      ]);
      await membership();
    }
  } catch (error) {
    const isRefusal = Error.isError(error) && 'reason' in error;
    const hadNothingToPick = Error.isError(error) && error.message.includes('pick from');
    if (!isRefusal && !hadNothingToPick) throw error;
  }
}

/** The sums that the journal gives, by kind, of the program's entries in a period. */
async function journalSums(start: number, end: number): Promise<Record<string, bigint>> {
  const { rows } = await ledger.pool.query<{ kind: string; points: bigint }>(
    `SELECT kind, sum(entries.available + entries.pending + entries.reserved - entries.deficit)::bigint AS points
      FROM entries JOIN memberships USING (membership_id)
      WHERE memberships.program_id = $1 AND create_time >= $2 AND create_time < $3
      GROUP BY kind`,
    [program.programId, new Date(start), new Date(end)],
  );
  const moved = ['EARN', 'CAPTURE', 'RETURN', 'EXPIRE', 'REFUND', 'ADJUST', 'FORFEIT'];
  return Object.fromEntries(
    moved.map((kind) => [kind, rows.find((row) => row.kind === kind)?.points ?? 0n]),
  );
}

async function allBalances(): Promise<Balance[]> {
  const { rows } = await ledger.pool.query<{ user_id: string }>(
    'SELECT user_id FROM member_ids WHERE program_id = $1',
    [program.programId],
  );
  return await Promise.all(rows.map(({ user_id: userId }) => ledger.balance(userId)));
}

async function writeWhatIsDue(): Promise<number> {
  let written = 0;
  for (;;) {
    const some = await ledger.bringDueUpToDate(100);
    if (some === 0) return written;
    written += some;
  }
}

const sum = (numbers: readonly bigint[]) => numbers.reduce((a, b) => a + b, 0n);

describe('the summary of a program', () => {
  test('is what the balances and the journals sum up to, written or not', async () => {
    let written = 0;
    for (const laterMs of [0, 3 * dayMs, 10 * dayMs, 30 * dayMs]) {
      setTime(now + laterMs);
      const period = { start: '2026-01-01Z', end: '2027-01-01Z' };
      const before = await summaryNow(period);
      const balances = await allBalances();
      for (const balance of ['available', 'pending', 'reserved', 'deficit'] as const) {
        const expected = sum(balances.map((each) => each[balance]));
        expect([balance, before.totals[balance]]).toEqual([balance, expected]);
      }
      written += await writeWhatIsDue();
      expect(await summaryNow(period)).toEqual(before);
      expect(before.totals.moved).toEqual(
        await journalSums(Date.parse('2026-01-01Z'), Date.parse('2027-01-01Z')),
      );
      // Everything happened within that year.
      expect(sum(Object.values(before.totals.moved))).toBe(
        before.totals.available +
          before.totals.pending +
          before.totals.reserved -
          before.totals.deficit,
      );
    }
    expect(written).toBeGreaterThan(users.length / 2);
  });

  test('has something of everything that it counts', async () => {
    const { totals } = await summaryNow({ start: '2026-01-01Z', end: '2027-01-01Z' });
    for (const points of Object.values(totals.moved)) expect(points).not.toBe(0n);
    for (const members of Object.values(totals.members)) expect(members).toBeGreaterThan(0n);
    expect(totals.neverExpiring).toBeGreaterThan(0n);
  });

  test('is given up when it takes too long', async () => {
    const read = createProgramTotalsReader(reports.pool, { msMax: 0 });
    const period = { startTime: now, endTime: now + dayMs };
    await expect(
      read(program.programId, { asOf: now, period, months: [now] }),
    ).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE' });
  });

  test('counts in each period what its journal has', async () => {
    for (const [start, end] of [
      ['2026-02-01Z', '2026-03-01Z'],
      ['2026-03-07T08:00:00Z', '2026-04-11T22:30:00Z'],
    ] as const) {
      const { totals } = await summaryNow({ start, end });
      expect(totals.moved).toEqual(await journalSums(Date.parse(start), Date.parse(end)));
    }
  });

  test('is of this month in the program’s time zone unless it is told otherwise', async () => {
    const present = now;
    // The last evening of June in New York.
    setTime(Date.parse('2027-07-01T03:59:59.999Z'));
    const june = await summaryNow();
    expect(june.period).toEqual({
      startTime: Date.parse('2027-06-01T04:00:00Z'),
      endTime: Date.parse('2027-07-01T04:00:00Z'),
    });
    expect(june.expiring.map(({ month }) => month)).toEqual([
      ...['2027-06', '2027-07', '2027-08', '2027-09', '2027-10', '2027-11', '2027-12'],
      ...Array.from({ length: 12 }, (_, index) => `2028-${String(index + 1).padStart(2, '0')}`),
      ...['2029-01', '2029-02', '2029-03', '2029-04', '2029-05'],
    ]);
    setTime(Date.parse('2027-07-01T04:00:00Z'));
    expect((await summaryNow()).expiring[0]?.month).toBe('2027-07');
    setTime(present);
  });

  test('has points in the month in which they expire, and says what is left of a stock', async () => {
    const expectedBy = async () => {
      const { rows } = await ledger.pool.query<{ month: string | null; points: bigint }>(
        `SELECT to_char((expiry - interval '1 millisecond') AT TIME ZONE '${timeZone}', 'YYYY-MM') AS month, sum(remaining)::bigint AS points
          FROM (
            SELECT CASE class WHEN 'INACTIVITY' THEN inactivity_expires_at ELSE expires_at END AS expiry, remaining
            FROM lots JOIN memberships USING (membership_id) WHERE program_id = $1
          ) AS lots
          WHERE expiry < 'infinity' GROUP BY 1`,
        [program.programId],
      );
      return rows;
    };
    const member = { programId: program.programId, userId: 'user-0' };
    await ledger.join({ ...member, byMember: false, attributes: {} }, author).catch(() => {});
    const inMonths = [0, 1, 5, 23, 24, 60];
    for (const [index, months] of inMonths.entries()) {
      const date = new Date(now);
      date.setUTCMonth(date.getUTCMonth() + months, 28);
      const correction = { idempotencyKey: `dated-${months}`, points: BigInt(2 ** index) };
      const dates = { expireTime: date.getTime(), allowDeficit: false, reason: 'test' };
      await ledger.adjust({ ...member, ...correction, ...dates }, author);
    }
    await writeWhatIsDue();
    const { expiring, expiringLater, totals, stocks } = await summaryNow();
    const rows = await expectedBy();
    for (const { month, points } of expiring) {
      expect([month, points]).toEqual([
        month,
        rows.find((row) => row.month === month)?.points ?? 0n,
      ]);
    }
    expect(expiringLater).toBeGreaterThan(0n);
    const dated = sum(expiring.map(({ points }) => points)) + expiringLater;
    expect(dated).toBe(sum(rows.map(({ points }) => points)));
    expect(dated + totals.neverExpiring).toBe(totals.available + totals.pending);
    const { rows: taken } = await ledger.pool.query<{ taken: bigint }>(
      `SELECT coalesce(sum(quantity), 0)::bigint AS taken FROM redemptions
        WHERE reward_id = 'glass' AND state IN ('RESERVED', 'CAPTURED')`,
    );
    const units = taken[0]?.taken ?? 0n;
    expect(units).toBeGreaterThan(0n);
    expect(stocks).toEqual([
      { rewardId: 'glass', limit: 1_000n, taken: units, left: 1_000n - units },
    ]);
  });

  test('adds up while members earn', async () => {
    const period = { start: '2026-01-01Z', end: '2027-01-01Z' };
    const before = await summaryNow(period);
    let isBusy = true;
    const earning = Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const userId = `new-${index % 50}`;
        await ledger.earn(
          aPurchase({ userId, minorUnits: 10_000n, occurTime: new Date(now) }),
          author,
        );
      }),
    ).finally(() => {
      isBusy = false;
    });
    const seen = [];
    while (isBusy) seen.push((await summaryNow(period)).totals);
    await earning;
    const after = (await summaryNow(period)).totals;
    expect(after.moved.EARN - before.totals.moved.EARN).toBe(2_000n);
    for (const { moved, available, pending, reserved, deficit } of [...seen, after]) {
      expect(sum(Object.values(moved))).toBe(available + pending + reserved - deficit);
    }
  });

  test.each([
    [{ start: '2026-03-01Z', end: '2026-03-01Z' }, 'end_time'],
    [{ end: '2026-01-15Z' }, 'end_time'],
    [{ start: '2099-01-01Z' }, 'start_time'],
  ])('of the period %j is refused', async (period, field) => {
    await expect(summaryNow(period)).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [expect.objectContaining({ field })],
    });
  });
});
