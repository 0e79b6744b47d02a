import { bulk } from './bulk.ts';
import type { LedgerChanges } from './locked-ledger.ts';
import { sameKey } from './plan-forms.ts';

const stockColumns = bulk<LedgerChanges['stock'][number]>({
  program_id: ['text', ({ programId }) => programId],
  reward_id: ['text', ({ rewardId }) => rewardId],
  taken: ['bigint', ({ taken }) => taken],
});

// In any order: commands that decide on stock have locked it.
const updateStock = `UPDATE reward_stock SET taken = reward_stock.taken + rows.taken
  FROM ${stockColumns.source}
  WHERE ${sameKey('reward_stock', ['program_id', 'reward_id'])}`;

const usageColumns = bulk<LedgerChanges['usage'][number]>({
  membership_id: ['bigint', ({ membershipId }) => membershipId],
  reward_id: ['text', ({ rewardId }) => rewardId],
  period: ['text', ({ period }) => period],
  period_start: ['timestamptz', ({ start }) => start],
  taken: ['bigint', ({ taken }) => taken],
});

// What is given back was taken before, so that there is a row; an insert of less than nothing would be refused even
// where it ends as an update.
const upsertUsage = `INSERT INTO reward_usage AS reward_usage (${usageColumns.names})
  SELECT * FROM ${usageColumns.source}
  ON CONFLICT ON CONSTRAINT reward_usage_pkey
  DO UPDATE SET taken = reward_usage.taken + excluded.taken`;

const giveBackUsage = `UPDATE reward_usage SET taken = reward_usage.taken + rows.taken
  FROM ${usageColumns.source}
  WHERE ${sameKey('reward_usage', ['membership_id', 'reward_id', 'period', 'period_start'])}`;

const capColumns = bulk<LedgerChanges['capUsage'][number]>({
  membership_id: ['bigint', ({ membershipId }) => membershipId],
  rule_id: ['text', ({ ruleId }) => ruleId],
  period: ['text', ({ period }) => period],
  period_start: ['timestamptz', ({ start }) => start],
  points: ['bigint', ({ points }) => points],
});

const lapsedRefundedColumns = bulk<LedgerChanges['lapsedRefunded'][number]>({
  membership_id: ['bigint', ({ membershipId }) => membershipId],
  available_at: ['timestamptz', ({ availableAt }) => availableAt],
  expires_at: ['timestamptz', ({ expiresAt }) => expiresAt],
  class: ['text', (lot) => lot.class],
  sequence: ['bigint', ({ sequence }) => sequence],
  points: ['bigint', ({ points }) => points],
});

const updateLapsedLots = `UPDATE lapsed_lots
  SET lapsed_refunded = lapsed_lots.lapsed_refunded + rows.points
  FROM ${lapsedRefundedColumns.source}
  WHERE ${sameKey('lapsed_lots', ['membership_id', 'available_at', 'expires_at', 'class', 'sequence'])}`;

const upsertCapUsage = `INSERT INTO cap_usage AS cap_usage (${capColumns.names})
  SELECT * FROM ${capColumns.source}
  ON CONFLICT ON CONSTRAINT cap_usage_pkey
  DO UPDATE SET points = cap_usage.points + excluded.points`;

const giveBackCapUsage = `UPDATE cap_usage SET points = cap_usage.points + rows.points
  FROM ${capColumns.source}
  WHERE ${sameKey('cap_usage', ['membership_id', 'rule_id', 'period', 'period_start'])}`;

/** Adds what a database transaction takes of stock, limits and caps, and what it gives back. */
export function counterStatements({ stock, usage, capUsage, lapsedRefunded }: LedgerChanges) {
  const used = usage.filter(({ taken }) => taken > 0n);
  const unused = usage.filter(({ taken }) => taken < 0n);
  const capped = capUsage.filter(({ points }) => points > 0n);
  const freed = capUsage.filter(({ points }) => points < 0n);
  return [
    stock.length > 0
      ? stockColumns.statement('update_reward_stock', updateStock, stock)
      : undefined,
    used.length > 0 ? usageColumns.statement('upsert_reward_usage', upsertUsage, used) : undefined,
    unused.length > 0
      ? usageColumns.statement('give_back_reward_usage', giveBackUsage, unused)
      : undefined,
    capped.length > 0
      ? capColumns.statement('upsert_cap_usage', upsertCapUsage, capped)
      : undefined,
    freed.length > 0
      ? capColumns.statement('give_back_cap_usage', giveBackCapUsage, freed)
      : undefined,
    lapsedRefunded.length > 0
      ? lapsedRefundedColumns.statement('update_lapsed_lots', updateLapsedLots, lapsedRefunded)
      : undefined,
  ];
}
