import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { LockedState } from '../src/app/ledger-store.ts';
import { lockLedger } from '../src/storage/lock-ledger.ts';
import { lockedLedger } from '../src/storage/locked-ledger.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  author,
  rewards,
  startUseCases,
} from './commit-fixture.ts';

const programId = 'wine-dine';
const [few, many] = [300, 4_800];
const users = [
  { userId: 'few', holds: few },
  { userId: 'many', holds: many },
];
const glass = rewards({
  programId,
  rewardId: 'glass',
  displayName: 'A glass',
  price: { case: 'fixed', value: { points: 1n } },
  stock: { limit: 1_000_000n },
});

let ledger: Awaited<ReturnType<typeof startUseCases>>;

beforeAll(async () => {
  ledger = await startUseCases(aProgram({ rewards: glass }));
  ledger.setClock(new Date('2026-03-01T12:00:00Z'));
  for (const { userId, holds } of users) {
    await ledger.earn(aPurchase({ userId, minorUnits: 100_000_000n }), author);
    await ledger.redeem(aRedemption({ userId, capture: 'HOLD' }), author);
    await repeatHold(userId, holds - 1);
  }
}, patience(60_000));
afterAll(async () => {
  await ledger.stop();
}, patience(60_000));

/** Fills in what a member's ledger would have after `times` more holds like the existing one. */
async function repeatHold(userId: string, times: number): Promise<void> {
  const member = `(SELECT membership_id FROM member_ids WHERE user_id = '${userId}')`;
  await execute(
    ledger.databaseUrl,
    `INSERT INTO redemptions (membership_id, redemption_id, program_id, idempotency_key, fingerprint, sequence, reward_id,
        asked_quantity, asked_points, quantity, points, reversed_points, state, parts, reference, create_time,
        hold_expires_at, made_by_member, stock_taken, reward_display_name)
      SELECT membership_id, 'hold-' || n, program_id, 'key-' || n, fingerprint, sequence + n, reward_id,
        asked_quantity, asked_points, quantity, points, reversed_points, state, parts, reference, create_time,
        hold_expires_at, made_by_member, stock_taken, reward_display_name
      FROM redemptions, generate_series(1, ${times}) AS n WHERE membership_id = ${member};
    INSERT INTO allocations
      SELECT membership_id, sequence + n, available_at, expires_at, class, points
      FROM allocations, generate_series(1, ${times}) AS n WHERE membership_id = ${member};
    INSERT INTO entries
      SELECT membership_id, sequence + n, kind, event_version, available, pending, reserved, deficit, balance_after - n,
        transaction_id, 'hold-' || n, refund_id, reason, actor, request_id, create_time,
        NULL, NULL, NULL, NULL, NULL, program_id, pending_after, reserved_after + n, deficit_after
      FROM entries, generate_series(1, ${times}) AS n WHERE membership_id = ${member} AND kind = 'RESERVE';
    UPDATE memberships SET available = available - ${times}, reserved = reserved + ${times},
      last_sequence = last_sequence + ${times} WHERE membership_id = ${member};
    UPDATE lots SET remaining = remaining - ${times} WHERE membership_id = ${member};
    UPDATE reward_stock SET taken = taken + ${times}`,
  );
}

/** The least processor time, in microseconds, that it takes to end all holds of a member `times` times. Nothing is written. */
async function cpuToEndHolds(userId: string, times: number): Promise<number> {
  const membershipId = (await ledger.reader.membershipId({ programId, userId })) ?? 0n;
  const needs = { membershipId };
  const { loaded } = await transaction(ledger.pool, async (tx) => {
    // On a busy machine, reading so many rows may look as if this process had stopped.
    await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    return lockLedger(tx, [needs], {
      locks: { membershipIds: new Map(), newMembershipIds: new Map(), otherIds: [membershipId] },
      clock: ledger.clock,
      locking: 'PASS_OVER',
    });
  });
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3; n += 1) {
    const decide = (locked: LockedState) => locked.bringUpToDateById(membershipId);
    const before = process.cpuUsage();
    for (let time = 0; time < times; time += 1) {
      expect(lockedLedger(loaded).run({ needs, decide })).toHaveProperty('result');
    }
    best = Math.min(best, process.cpuUsage(before).user);
  }
  return best;
}

describe('of a member with thousands of holds', () => {
  test('a balance asks for none of those that go on', async () => {
    const now = Date.parse('2026-03-01T12:01:00Z');
    const account = await ledger.reader.account({ programId, userId: 'many' }, now);
    expect(account?.membership.reserved).toBe(BigInt(many));
    expect(account?.redemptions).toEqual([]);
  });

  test(
    'the end of sixteen times as many takes about sixteen times as long',
    async () => {
      ledger.setClock(new Date('2026-03-01T13:00:00Z'));
      const cpuOfFew = await cpuToEndHolds('few', 16);
      // Were each looked up among all others, it would take 16 times as long as this.
      expect(await cpuToEndHolds('many', 1)).toBeLessThan(5 * cpuOfFew);
    },
    patience(60_000),
  );

  test(
    'all end at their deadline, and the stock has them again',
    async () => {
      ledger.setClock(new Date('2026-03-01T13:00:00Z'));
      const before = await ledger.balance('many');
      expect(before).toMatchObject({ available: 50_000n, reserved: 0n });
      // Not both in one database transaction.
      for (const count of [1, 1, 0]) expect(await ledger.bringDueUpToDate(200)).toBe(count);
      expect(await ledger.balance('many')).toEqual(before);
      const { rows } = await ledger.pool.query('SELECT taken FROM reward_stock');
      expect(rows).toEqual([{ taken: 0n }]);
    },
    patience(60_000),
  );
});
