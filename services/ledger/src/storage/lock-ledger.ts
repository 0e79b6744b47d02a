import type { Transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { CapPeriod, Needs, RewardName, UsagePeriod } from '../app/ledger-store.ts';
import type { Account } from '../domain/journal.ts';
import type { Lot } from '../domain/lot.ts';
import { capKey, type LoadedLedger, stockKey, usageKey } from './held-ledger.ts';
import { memberKey } from './membership-ids.ts';
import {
  type EarnRow,
  earnOf,
  type LotRow,
  lotOf,
  type MembershipRow,
  membershipOf,
  type RedemptionRow,
  redemptionOf,
} from './rows.ts';
import { instant, timestamptz } from './timestamps.ts';

/**
 * Takes every lock of a transaction, and reads what its commands need, in one round trip: memberships first, then
 * stock, each in the order of their keys, so that two transactions never wait for each other. All locking is here.
 *
 * Whatever is read after the locks is read by statements of their own, which see what others committed meanwhile.
 */
export async function lockLedger(
  tx: Transaction,
  needs: readonly Needs[],
  ids: {
    membershipIds: ReadonlyMap<string, bigint>;
    newMembershipIds: ReadonlyMap<string, bigint>;
  },
): Promise<LoadedLedger> {
  const [accounts, stockTaken, earns, redemptions, capUsage, usageTaken] = await Promise.all([
    lockAccounts(tx, [...ids.membershipIds.values()]),
    lockStock(tx, needs),
    readEarns(tx, needs),
    readRedemptions(tx, needs, ids.membershipIds),
    readCapUsage(tx, needs, ids.membershipIds),
    readRewardUsage(tx, needs, ids.membershipIds),
  ]);
  const { newMembershipIds } = ids;
  return { accounts, newMembershipIds, earns, redemptions, capUsage, stockTaken, usageTaken };
}

async function lockAccounts(tx: Transaction, membershipIds: bigint[]): Promise<Account[]> {
  if (membershipIds.length === 0) return [];
  const memberships = tx.query<MembershipRow>({
    name: 'lock_memberships',
    text: `SELECT * FROM memberships WHERE membership_id = ANY($1::bigint[])
      ORDER BY membership_id FOR UPDATE`,
    values: [membershipIds],
  });
  const lots = tx.query<LotRow>({
    name: 'read_lots',
    text: 'SELECT * FROM lots WHERE membership_id = ANY($1::bigint[])',
    values: [membershipIds],
  });
  const lotsById = new Map<bigint, Lot[]>();
  const membershipRows = (await memberships).rows;
  for (const row of (await lots).rows) {
    const owned = lotsById.get(row.membership_id);
    if (owned === undefined) lotsById.set(row.membership_id, [lotOf(row)]);
    else owned.push(lotOf(row));
  }
  return membershipRows.map((row) => ({
    membership: membershipOf(row),
    lots: lotsById.get(row.membership_id) ?? [],
    entries: [],
  }));
}

async function lockStock(
  tx: Transaction,
  needs: readonly Needs[],
): Promise<ReadonlyMap<string, bigint>> {
  const rewards = needs.flatMap(({ stock }) => (stock === undefined ? [] : [stock]));
  if (rewards.length === 0) return new Map();
  const names = [
    rewards.map(({ programId }) => programId),
    rewards.map(({ rewardId }) => rewardId),
  ];
  // A reward without a row couldn't be locked. Sorted, because an insert waits for another's like a lock does.
  const inserted = tx.query({
    name: 'insert_reward_stock',
    text: `INSERT INTO reward_stock (program_id, reward_id, taken)
      SELECT DISTINCT program_id, reward_id, 0
      FROM unnest($1::text[], $2::text[]) AS names (program_id, reward_id)
      ORDER BY program_id, reward_id
      ON CONFLICT DO NOTHING`,
    values: names,
  });
  const locked = tx.query<{ program_id: string; reward_id: string; taken: bigint }>({
    name: 'lock_reward_stock',
    text: `SELECT program_id, reward_id, taken FROM reward_stock
      WHERE (program_id, reward_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
      ORDER BY program_id, reward_id FOR UPDATE`,
    values: names,
  });
  await inserted;
  return new Map(
    (await locked).rows.map((row) => {
      const reward: RewardName = { programId: row.program_id, rewardId: row.reward_id };
      return [stockKey(reward), row.taken];
    }),
  );
}

async function readEarns(tx: Transaction, needs: readonly Needs[]): Promise<LoadedLedger['earns']> {
  const transactions = needs.flatMap(({ transaction }) =>
    transaction === undefined ? [] : [transaction],
  );
  if (transactions.length === 0) return [];
  const { rows } = await tx.query<EarnRow>({
    name: 'read_earns',
    text: `SELECT earns.*
      FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS names (program_id, transaction_id)
      JOIN earns USING (program_id, transaction_id)`,
    values: [
      transactions.map(({ programId }) => programId),
      transactions.map(({ transactionId }) => transactionId),
    ],
  });
  return rows.map(earnOf);
}

async function readRedemptions(
  tx: Transaction,
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
): Promise<LoadedLedger['redemptions']> {
  const keys = withMembershipId(needs, membershipIds, ({ idempotencyKey }) =>
    idempotencyKey === undefined ? [] : [idempotencyKey],
  );
  if (keys.length === 0) return [];
  const { rows } = await tx.query<RedemptionRow>({
    name: 'read_redemptions',
    text: `SELECT redemptions.*
      FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[])) AS keys (membership_id, idempotency_key)
      JOIN redemptions USING (membership_id, idempotency_key)`,
    values: [keys.map(([id]) => id), keys.map(([, key]) => key)],
  });
  return rows.map(redemptionOf);
}

async function readCapUsage(
  tx: Transaction,
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
): Promise<ReadonlyMap<string, bigint>> {
  const caps = withMembershipId<CapPeriod>(needs, membershipIds, (need) => need.caps ?? []);
  if (caps.length === 0) return new Map();
  const { rows } = await tx.query<{
    membership_id: bigint;
    rule_id: string;
    period: string;
    period_start: Date | number;
    points: bigint;
  }>({
    name: 'read_cap_usage',
    text: `SELECT cap_usage.*
      FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]))
        AS caps (membership_id, rule_id, period, period_start)
      JOIN cap_usage USING (membership_id, rule_id, period, period_start)`,
    values: [
      caps.map(([id]) => id),
      caps.map(([, { ruleId }]) => ruleId),
      caps.map(([, { period }]) => period),
      caps.map(([, { start }]) => timestamptz(start)),
    ],
  });
  return new Map(
    rows.map((row) => {
      const cap = {
        ruleId: row.rule_id,
        period: row.period,
        start: instant(row.period_start),
      };
      return [capKey(row.membership_id, cap), row.points];
    }),
  );
}

async function readRewardUsage(
  tx: Transaction,
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
): Promise<ReadonlyMap<string, bigint>> {
  const usages = withMembershipId<UsagePeriod>(needs, membershipIds, ({ usage }) =>
    usage === undefined ? [] : [usage],
  );
  if (usages.length === 0) return new Map();
  const { rows } = await tx.query<{
    membership_id: bigint;
    reward_id: string;
    period: string;
    period_start: Date | number;
    taken: bigint;
  }>({
    name: 'read_reward_usage',
    text: `SELECT reward_usage.*
      FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]))
        AS usages (membership_id, reward_id, period, period_start)
      JOIN reward_usage USING (membership_id, reward_id, period, period_start)`,
    values: [
      usages.map(([id]) => id),
      usages.map(([, { rewardId }]) => rewardId),
      usages.map(([, { period }]) => period),
      usages.map(([, { start }]) => timestamptz(start)),
    ],
  });
  return new Map(
    rows.map((row) => {
      const usage = {
        rewardId: row.reward_id,
        period: row.period,
        start: instant(row.period_start),
      };
      return [usageKey(row.membership_id, usage), row.taken];
    }),
  );
}

/** What the needs ask for of members who exist, with their ids. */
function withMembershipId<Part>(
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
  partsOf: (need: Needs) => readonly Part[],
): [bigint, Part][] {
  return needs.flatMap((need) => {
    const id = membershipIds.get(memberKey(need.member));
    return id === undefined ? [] : partsOf(need).map((part): [bigint, Part] => [id, part]);
  });
}
