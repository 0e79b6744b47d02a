import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  rewards,
  startUseCases,
  type UseCases,
} from './commit-fixture.ts';
import { createRandom } from './model/random.ts';
import { beginElsewhere } from './other-transaction.ts';

let ledger: Awaited<ReturnType<typeof startUseCases>>;
let replicas: UseCases[];

/** Two replicas on one database. */
async function startReplicas(...programs: Parameters<typeof startUseCases>): Promise<void> {
  ledger = await startUseCases(...programs);
  replicas = [ledger, ledger.addReplica()];
}

// Which looks at all invariants of the ledger.
afterEach(async () => {
  await ledger.stop();
});

const fixed = (points: bigint) => ({ case: 'fixed' as const, value: { points } });
const program = aProgram({
  rewards: rewards(
    { programId: 'wine-dine', rewardId: 'glass', price: fixed(10n), stock: { limit: 1_000_000n } },
    { programId: 'wine-dine', rewardId: 'bottle', price: fixed(5n), stock: { limit: 1_000_000n } },
  ),
});

const maturingAndExpiring = aRuleSet({
  maturation: { policy: { case: 'after', value: { days: 7 } } },
  expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 30 } } } },
});

const member = (userId: string) => ({ programId: 'wine-dine', userId });

function refundOf(transactionId: string) {
  const extent = { kind: 'FULL' as const };
  return { programId: 'wine-dine', transactionId, refundId: 'refund-1', extent };
}

/** Counts the outcomes by reason, or 'ok'. */
function reasons(outcomes: PromiseSettledResult<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const reason = outcome.status === 'fulfilled' ? 'ok' : String(outcome.reason.reason);
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

async function entriesOf(kind: string): Promise<number> {
  const { rows } = await ledger.pool.query(
    'SELECT count(*)::int AS n FROM entries WHERE kind = $1',
    [kind],
  );
  return rows[0].n;
}

/** So that neighbours in a list go to different ones. */
function replica(index: number): UseCases {
  return replicas[index % replicas.length] ?? ledger;
}

function deadlocks(): unknown[] {
  return replicas.flatMap((each) => each.deadlocks);
}

describe('two replicas on one database', () => {
  test(
    '32 writers who do all kinds of things to 50 of 200 members never meet a deadlock',
    async () => {
      await startReplicas(program);
      const random = createRandom(20_260_301);
      const users = Array.from({ length: 50 }, (_, index) => `user-${index * 4}`);
      const transactions: string[] = [];
      const redeemed: { userId: string; redemptionId: string }[] = [];
      const answers: Record<string, number> = {};
      const writer = async (name: number) => {
        for (let step = 0; step < 60; step += 1) {
          const use = replica(name + step);
          const userId = random.pick(users);
          const redeem = async () => {
            const rewardId = random.pick(['glass', 'bottle']);
            const holds = random.chance(0.6);
            const asked = aRedemption({
              userId,
              rewardId,
              ...(holds ? { capture: 'HOLD', holdSeconds: random.pick([1, 900]) } : {}),
            });
            const { redemption } = await use.redeem(asked, author);
            redeemed.push({ userId, redemptionId: redemption.redemptionId });
          };
          const part = { kind: 'ALL' as const };
          const named = () => ({ ...member(userId), ...random.pick(redeemed) });
          const transactionId = randomUUID();
          const earn = () => {
            transactions.push(transactionId);
            return use.earn(aPurchase({ userId, transactionId, minorUnits: 40_000n }), author);
          };
          const idempotencyKey = randomUUID();
          const later =
            transactions.length === 0 || redeemed.length === 0
              ? []
              : [
                  () => use.reverseEarn(refundOf(random.pick(transactions)), author),
                  () => use.capture({ ...named(), part }, author),
                  () => use.cancel({ ...named(), byMember: false }, author),
                  () => use.reverse({ ...named(), idempotencyKey, part }, author),
                ];
          const adjust = () => {
            const change = { points: -3n, reason: 'fee', allowDeficit: true };
            return use.adjust({ ...member(userId), idempotencyKey, ...change }, author);
          };
          const outcome = await Promise.allSettled([
            random.pick<() => Promise<unknown>>([earn, earn, redeem, redeem, adjust, ...later])(),
          ]);
          for (const reason of Object.keys(reasons(outcome))) {
            answers[reason] = (answers[reason] ?? 0) + 1;
          }
        }
      };
      await Promise.all(Array.from({ length: 32 }, (_, name) => writer(name)));
      const { ok = 0, ...refused } = answers;
      expect(ok).toBeGreaterThan(800);
      expect(deadlocks()).toEqual([]);
      expect(Object.keys(refused).toSorted()).toEqual(
        ['ILLEGAL_TRANSITION', 'INSUFFICIENT_POINTS', 'MEMBERSHIP_NOT_FOUND'].filter(
          (reason) => reason in refused,
        ),
      );
    },
    patience(60_000),
  );

  test('a purchase and its refund that come together find each other, whichever is first', async () => {
    await startReplicas(program);
    const outcomes: PromiseSettledResult<unknown>[] = [];
    const answered = new Set<string>();
    for (let round = 0; round < 30; round += 1) {
      const crowd = Array.from({ length: 10 }, (_, index) => {
        const transactionId = `order-${round}-${index}`;
        const purchase = { userId: `user-${index}`, transactionId, minorUnits: 20_000n };
        const earn = () => replica(index).earn(aPurchase(purchase), author);
        const refund = async () => {
          const answer = await replica(index + 1).reverseEarn(refundOf(transactionId), author);
          answered.add(answer.refund.state);
        };
        return index % 3 === 0 ? [earn(), refund()] : [refund(), earn()];
      });
      outcomes.push(...(await Promise.allSettled(crowd.flat())));
    }
    expect(reasons(outcomes)).toEqual({ ok: 600 });
    expect([...answered].toSorted()).toEqual(['APPLIED', 'WAITING']);
    expect(deadlocks()).toEqual([]);
    const { rows } = await ledger.pool.query(
      `SELECT refunds.state, earns.state AS earned, count(*)::int AS n
      FROM refunds JOIN earns USING (program_id, transaction_id) GROUP BY 1, 2`,
    );
    expect(rows).toEqual([{ state: 'APPLIED', earned: 'REVERSED', n: 300 }]);
    expect(await ledger.balance('user-0')).toMatchObject({ available: 0n, deficit: 0n });
  });

  test('a refund and redemptions that want the same points share them without a rest', async () => {
    await startReplicas(program);
    const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
    await Promise.all(
      users.map((userId) =>
        ledger.earn(aPurchase({ userId, transactionId: userId, minorUnits: 40_000n }), author),
      ),
    );
    const outcomes = await Promise.allSettled(
      users.flatMap((userId, index) => [
        replica(index).redeem(aRedemption({ userId }), author),
        replica(index + 1).reverseEarn(refundOf(userId), author),
        replica(index + 1).redeem(aRedemption({ userId }), author),
      ]),
    );
    const { ok = 0, INSUFFICIENT_POINTS: refused = 0, ...others } = reasons(outcomes);
    expect(others).toEqual({});
    expect(ok + refused).toBe(180);
    expect(deadlocks()).toEqual([]);
    const { rows } = await ledger.pool.query(
      `SELECT sum(available)::int AS available, sum(lifetime_redeemed - deficit)::int AS unowed
      FROM memberships`,
    );
    expect(rows[0]).toEqual({ available: 0, unowed: 0 });
  });

  test('a hold ends once, by capture, cancellation or its deadline, whatever their clocks say', async () => {
    ledger = await startUseCases(program);
    const ahead = ledger.addReplica({ aheadMs: 2_000 });
    replicas = [ledger, ahead];
    ledger.setClock(new Date('2026-03-02T12:00:00Z'));
    const users = Array.from({ length: 120 }, (_, index) => `user-${index}`);
    const holds = await Promise.all(
      users.map(async (userId) => {
        await ledger.earn(aPurchase({ userId, minorUnits: 20_000n }), author);
        const asked = aRedemption({ userId, capture: 'HOLD', holdSeconds: 60 });
        return { userId, ...(await ledger.redeem(asked, author)).redemption };
      }),
    );
    // To one of them the holds have a second left, to the other they have ended.
    ledger.setClock(new Date('2026-03-02T12:00:59Z'));
    const outcomes: PromiseSettledResult<unknown>[] = [];
    while (holds.length > 0) {
      const ended = Promise.allSettled([ahead.bringDueUpToDate(2)]);
      const crowd = holds.splice(0, 4).flatMap(({ userId, redemptionId }, index) => {
        const named = { ...member(userId), redemptionId };
        const capture = () => ledger.capture({ ...named, part: { kind: 'ALL' } }, author);
        const cancel = () => ledger.cancel({ ...named, byMember: false }, author);
        // Whichever of two comes first, some are captured and some cancelled.
        return [index % 2 === 0 ? cancel() : capture(), index > 1 ? cancel() : capture()];
      });
      outcomes.push(...(await Promise.allSettled(crowd)), ...(await ended));
    }
    const { ok = 0, ILLEGAL_TRANSITION: late = 0, ...others } = reasons(outcomes);
    expect(others).toEqual({});
    expect(ok + late).toBe(270);
    expect(deadlocks()).toEqual([]);
    await ahead.bringDueUpToDate(500);
    const { rows } = await ledger.pool.query<{ state: string; n: number }>(
      'SELECT state, count(*)::int AS n FROM redemptions GROUP BY state',
    );
    const ended = Object.fromEntries(rows.map(({ state, n }) => [state, n]));
    const { CAPTURED: captured = 0, CANCELLED: cancelled = 0, EXPIRED: expired = 0 } = ended;
    expect(captured + cancelled + expired).toBe(120);
    expect(Math.min(captured, cancelled, expired)).toBeGreaterThan(0);
    expect([await entriesOf('CAPTURE'), await entriesOf('RELEASE')]).toEqual([
      captured,
      cancelled + expired,
    ]);
  });

  test('that bring everything up to date at once write nothing twice', async () => {
    await startReplicas(aProgram({ rewards: program.rewards, ruleSets: [maturingAndExpiring] }));
    ledger.setClock(new Date('2026-03-01T12:00:00Z'));
    const users = Array.from({ length: 300 }, (_, index) => `user-${index}`);
    const occurTime = new Date('2026-03-01T12:00:00Z');
    await Promise.all(
      users.map((userId) =>
        ledger.earn(aPurchase({ userId, minorUnits: 20_000n, occurTime }), author),
      ),
    );
    const bringAllUpToDate = async (time: string) => {
      ledger.setClock(new Date(time));
      await Promise.all(
        replicas.flatMap(({ bringDueUpToDate }) => [
          bringDueUpToDate(100),
          bringDueUpToDate(100),
          bringDueUpToDate(500),
        ]),
      );
    };
    await bringAllUpToDate('2026-03-09T00:00:00Z');
    await Promise.all(
      users.map((userId) => ledger.redeem(aRedemption({ userId, capture: 'HOLD' }), author)),
    );
    await bringAllUpToDate('2026-03-09T01:00:00Z');
    await bringAllUpToDate('2026-04-09T00:00:00Z');
    for (const kind of ['EARN', 'MATURE', 'RESERVE', 'RELEASE', 'EXPIRE']) {
      expect([kind, await entriesOf(kind)]).toEqual([kind, 300]);
    }
    expect(await ledger.reader.due({ now: Date.parse('2026-05-01'), limit: 10 })).toEqual([]);
  });
});

test('purchases outlast somebody who locks members in another order, without a deadlock', async () => {
  await startReplicas(program);
  const purchases = () =>
    ['alice', 'bob'].map((userId) =>
      ledger.earn(aPurchase({ userId, minorUnits: 10_000n }), author),
    );
  await Promise.all(purchases());
  const other = await beginElsewhere(ledger.databaseUrl);
  try {
    const lock = (userId: string) =>
      other.query('SELECT 1 FROM memberships WHERE user_id = $1 FOR UPDATE', [userId]);
    await lock('bob');
    const earning = Promise.all(purchases());
    await other.waitedFor();
    await lock('alice');
    await other.query('COMMIT');
    expect(await earning).toMatchObject([{ replayed: false }, { replayed: false }]);
    expect(deadlocks()).toEqual([]);
  } finally {
    await other.end();
  }
});

test(
  'members who leave with holds of limited stock deadlock with nobody who redeems it',
  async () => {
    await startReplicas(program);
    const [here, there] = [replica(0), replica(1)];
    await ledger.earn(aPurchase({ userId: 'regular', minorUnits: 10_000_000n }), author);
    for (let round = 0; round < 30; round += 1) {
      const leaving = member(`leaving-${round}`);
      const opening = () => aPurchase({ userId: `opening-${round}`, minorUnits: 10_000n });
      await ledger.earn(aPurchase({ ...leaving, minorUnits: 100_000n }), author);
      await ledger.redeem(aRedemption({ ...leaving, capture: 'HOLD' }), author);
      // Those of each replica share a database transaction.
      await Promise.all([
        here.leave({ ...leaving, byMember: false }, author),
        here.earn(opening(), author),
        there.redeem(aRedemption({ userId: 'regular' }), author),
        there.earn(opening(), author),
      ]);
    }
    expect(deadlocks()).toEqual([]);
  },
  patience(60_000),
);
