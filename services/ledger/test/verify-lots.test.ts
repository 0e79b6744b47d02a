import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { sqlInvariants } from '../src/verify/invariants.ts';
import { verifyLedger } from '../src/verify/verify-ledger.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  rewards,
  startUseCases,
} from './commit-fixture.ts';

const price = { case: 'fixed', value: { points: 10n } } as const;
const glass = rewards({ programId: 'wine-dine', rewardId: 'glass', price });
const expiring = aProgram({
  ruleSets: [
    aRuleSet({
      expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 30 } } } },
    }),
  ],
  rewards: glass,
});
/** Points that mature one day after the other, and all expire together. */
const idle = aProgram({
  programId: 'idle',
  ruleSets: [
    aRuleSet({
      maturation: { policy: { case: 'after', value: { days: 1 } } },
      expiry: { policy: { case: 'inactivity', value: { months: 2 } } },
    }),
  ],
  rewards: glass,
});

const alice = { programId: 'wine-dine', userId: 'alice' };
const all = { kind: 'ALL' } as const;
const one = { kind: 'QUANTITY', quantity: 1 } as const;

let ledger: Awaited<ReturnType<typeof startUseCases>>;
beforeEach(async () => {
  ledger = await startUseCases(expiring, idle);
  ledger.setClock(new Date('2026-03-10T12:00:00Z'));
});
afterEach(() => ledger.discard());

/** Ten points in each of three lots, A, B and C, which go one after the other. */
async function earnThreeLots(programId = 'wine-dine'): Promise<void> {
  for (const day of ['01', '02', '03']) {
    const occurTime = new Date(`2026-03-${day}T12:00:00Z`);
    const purchase = { ...alice, transactionId: day, minorUnits: 20_000n, occurTime };
    await ledger.earn({ ...aPurchase(purchase), programId }, author);
  }
}

/** When the lots expire. */
const [A, B, C] = ['2026-04-01Z', '2026-04-02Z', '2026-04-03Z'];

async function redeem(quantity: number, capture: 'IMMEDIATE' | 'HOLD' = 'IMMEDIATE') {
  const { redemption } = await ledger.redeem(aRedemption({ ...alice, quantity, capture }), author);
  return { ...alice, redemptionId: redemption.redemptionId };
}

/** Lets the entries of a kind have moved the points of another lot. */
function moveAllocations(kind: string, { from, to }: { from: string; to: string }): string {
  return `UPDATE allocations SET expires_at = '${to}' FROM entries
    WHERE kind = '${kind}' AND expires_at = '${from}' AND entries.membership_id = allocations.membership_id
      AND entries.sequence = allocations.sequence;`;
}

/** Breaks sound books, and tells which invariants notice. */
async function noticed(sql: string): Promise<string[]> {
  expect(await verifyLedger(ledger.pool)).toEqual([]);
  await execute(ledger.databaseUrl, sql);
  return (await verifyLedger(ledger.pool)).map(({ id, name }) => `${id} ${name}`);
}

describe('verifying the lots of a ledger notices', () => {
  beforeEach(() => earnThreeLots());

  test('a refund that took the points that live longest', async () => {
    await redeem(1);
    await ledger.reverseEarn(
      { ...alice, transactionId: '01', refundId: 'r', extent: { kind: 'FULL' } },
      author,
    );
    expect(
      await noticed(
        `${moveAllocations('REFUND', { from: B, to: C })}
         UPDATE lots SET expires_at = '${B}' WHERE expires_at = '${C}';
         UPDATE memberships SET next_due_at = '${B}'`,
      ),
    ).toEqual(['I6 consumption order']);
  });

  test('a partial capture that spent the points that live longest', async () => {
    const hold = await redeem(2, 'HOLD');
    await ledger.capture({ ...hold, part: one }, author);
    expect(
      await noticed(
        `${moveAllocations('RELEASE', { from: B, to: A })}
         UPDATE redemptions SET parts = jsonb_set(parts, '{0,expires_at}', '"2026-04-02T00:00:00.000Z"');
         UPDATE lots SET expires_at = '${A}' WHERE expires_at = '${B}';
         UPDATE memberships SET next_due_at = '${A}'`,
      ),
    ).toEqual(['I6 redemption order']);
  });

  test('a cancelled hold whose points came back to another lot', async () => {
    const hold = await redeem(1, 'HOLD');
    await ledger.cancel({ ...hold, byMember: false }, author);
    expect(
      await noticed(
        `${moveAllocations('RELEASE', { from: A, to: C })}
         DELETE FROM lots WHERE expires_at = '${A}';
         UPDATE lots SET remaining = 20 WHERE expires_at = '${C}'`,
      ),
    ).toEqual(['I5 redeemed lots']);
  });

  test('a debt that the points paid that live longest', async () => {
    const hold = await redeem(3, 'HOLD');
    await ledger.reverseEarn(
      { ...alice, transactionId: '01', refundId: 'r', extent: { kind: 'FULL' } },
      author,
    );
    await ledger.cancel({ ...hold, byMember: false }, author);
    expect(
      await noticed(
        `${moveAllocations('RELEASE', { from: C, to: A })}
         UPDATE lots SET expires_at = '${A}' WHERE expires_at = '${C}';
         UPDATE memberships SET next_due_at = '${A}'`,
      ),
    ).toEqual(['I6 redemption order']);
  });

  test('a reversal that gave to a lot that nothing was taken from', async () => {
    const redemption = await redeem(1);
    await ledger.reverse({ ...redemption, idempotencyKey: 'key', part: all }, author);
    expect(
      await noticed(
        `${moveAllocations('RETURN', { from: A, to: C })}
         DELETE FROM lots WHERE expires_at = '${A}';
         UPDATE lots SET remaining = 20 WHERE expires_at = '${C}'`,
      ),
    ).toEqual(['I5 redeemed lots']);
  });

  test('points that outlived their date, although something was written since', async () => {
    expect(
      await noticed(
        `INSERT INTO entries SELECT membership_id, last_sequence + 1, 'RESUMED', 1, 0, 0, 0, 0, available,
           NULL, NULL, NULL, NULL, 'nobody', '', '${B}', NULL, NULL, NULL, NULL, NULL, program_id FROM memberships;
         UPDATE memberships SET last_sequence = last_sequence + 1, last_entry_time = '${B}'`,
      ),
    ).toEqual(['I1 up to date']);
  });
});

describe('verifying lots whose date moves notices', () => {
  beforeEach(() => earnThreeLots('idle'));

  test('one that was spent before one that had matured earlier', async () => {
    await ledger.redeem({ ...aRedemption(alice), programId: 'idle' }, author);
    expect(
      await noticed(
        `UPDATE allocations SET available_at = '2026-03-05Z';
         UPDATE redemptions SET parts = jsonb_set(parts, '{0,available_at}', '"2026-03-05T00:00:00.000Z"');
         UPDATE lots SET available_at = '2026-03-03Z' WHERE available_at = '2026-03-05Z'`,
      ),
    ).toEqual(['I6 consumption order']);
  });

  test('points that outlived it', async () => {
    expect(
      await noticed(
        `UPDATE memberships SET inactivity_expires_at = '2026-03-10Z', next_due_at = '2026-03-10Z';
         UPDATE entries SET inactivity_expires_at = '2026-03-10Z' WHERE inactivity_expires_at IS NOT NULL;
         UPDATE entries SET lots_expire_at = '2026-03-10Z' WHERE lots_expire_at IS NOT NULL`,
      ),
    ).toEqual(['I1 up to date']);
  });
});

describe('for a member with twice as many lots and redemptions', () => {
  interface PlanNode {
    readonly 'Actual Rows': number;
    readonly 'Actual Loops': number;
    readonly 'Rows Removed by Filter'?: number;
    readonly 'Rows Removed by Join Filter'?: number;
    readonly Plans?: readonly PlanNode[];
  }

  /** How many rows the steps of a query look at. */
  function rowsOf(node: PlanNode): number {
    const removed =
      (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
    const own = (node['Actual Rows'] + removed) * node['Actual Loops'];
    return (node.Plans ?? []).reduce((sum, plan) => sum + rowsOf(plan), own);
  }

  /** A member who earned into `count` lots, and then spent one after the other. */
  async function fill(count: number): Promise<void> {
    await execute(
      ledger.databaseUrl,
      `TRUNCATE entries, allocations, earns, redemptions;
       INSERT INTO entries
         SELECT 1, n, 'EARN', 1, 1, 0, 0, 0, n, n::text, NULL, NULL, NULL, '', '', timestamptz '2026-01-01Z'
         FROM generate_series(1, ${count}) AS n
         UNION ALL
         SELECT 1, ${count} + n, 'CAPTURE', 1, -1, 0, 0, 0, ${count} - n, NULL, n::text, NULL, NULL, '', '',
           timestamptz '2026-01-02Z'
         FROM generate_series(1, ${count}) AS n;
       INSERT INTO earns
         SELECT 'wine-dine', n::text, 'POSTED', 1, n, '', 1, NULL, 1, 0, '[]', '-infinity',
           '2027-01-01Z'::timestamptz + n * interval '1 day', 'NORMAL', '2026-01-01Z', '', 1
         FROM generate_series(1, ${count}) AS n;
       INSERT INTO allocations
         SELECT 1, ${count} + n, '-infinity', '2027-01-01Z'::timestamptz + n * interval '1 day', 'NORMAL', -1
         FROM generate_series(1, ${count}) AS n;
       INSERT INTO redemptions (membership_id, redemption_id, program_id, idempotency_key, fingerprint, sequence,
           reward_id, asked_quantity, asked_points, quantity, points, reversed_points, state, parts, reference,
           create_time, made_by_member, stock_taken, reward_display_name)
         SELECT 1, n::text, 'wine-dine', n::text, '', ${count} + n, 'glass', 1, 1, 1, 1, 0, 'CAPTURED',
           jsonb_build_array(jsonb_build_object('available_at', '-infinity',
             'expires_at', '2027-01-01Z'::timestamptz + n * interval '1 day', 'class', 'NORMAL',
             'points', '1', 'returned', '0')), '', '2026-01-02Z', false, false, 'A glass'
         FROM generate_series(1, ${count}) AS n;
       ANALYZE`,
    );
  }

  async function work(sql: string, count: number): Promise<number> {
    await fill(count);
    expect((await ledger.pool.query(sql)).rows).toEqual([]);
    const { rows } = await ledger.pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`);
    return rowsOf(rows[0]['QUERY PLAN'][0].Plan);
  }

  const perLot = sqlInvariants.filter(
    ({ name }) => name.endsWith('order') || name === 'redeemed lots' || name === 'lot contents',
  );

  test.each(perLot)(
    'verifying the $name takes little more than twice the work',
    async ({ sql }) => {
      expect((await work(sql, 2_000)) / (await work(sql, 1_000))).toBeLessThan(2.5);
    },
  );
});
