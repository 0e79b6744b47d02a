import { instant, timestamptz, timestamptzOrNull } from '@loyalty/platform/postgres/timestamptz.ts';
import { beginningOfTime } from '@loyalty/rules/instant.ts';
import type { QueryConfig } from 'pg';
import type { LedgerReader } from '../app/ledger-store.ts';
import { aboveAllIds } from './column-values.ts';
import type { Read } from './read.ts';
import { type RedemptionRow, redemptionOf } from './redemption-rows.ts';

/** Reads of redemptions, and of how much of rewards they take. */
export function redemptionReads(
  read: Read,
): Pick<LedgerReader, 'redemption' | 'redemptions' | 'openHolds' | 'rewardsTaken'> {
  return {
    async redemption(name) {
      const [row] = await read<RedemptionRow>(readRedemption(name));
      return row === undefined ? undefined : redemptionOf(row);
    },

    async redemptions(query) {
      return (await read<RedemptionRow>(readRedemptionsOfMembership(query))).map(redemptionOf);
    },

    async openHolds(query) {
      const rows = await read<RedemptionRow & { user_id: string; hold_expires_at: Date }>(
        readOpenHolds(query),
      );
      return rows.map((row) => ({
        ...redemptionOf(row),
        userId: row.user_id,
        holdExpiresAt: instant(row.hold_expires_at),
      }));
    },

    async rewardsTaken(query) {
      return await read<{ stock: bigint; byMember: bigint }>(readRewardsTaken(query));
    },
  };
}

function readRedemption({
  programId,
  userId,
  redemptionId,
}: Parameters<LedgerReader['redemption']>[0]): QueryConfig {
  return {
    name: 'read_redemption',
    text: `SELECT * FROM redemptions
      WHERE membership_id = (
        SELECT membership_id FROM member_ids WHERE program_id = $1 AND user_id = $2
      ) AND redemption_id = $3`,
    values: [programId, userId, redemptionId],
  };
}

function readRedemptionsOfMembership({
  membershipId,
  limit,
  after,
}: Parameters<LedgerReader['redemptions']>[0]): QueryConfig {
  return {
    name: 'read_redemptions_of_membership',
    text: `SELECT * FROM redemptions
      WHERE membership_id = $1 AND sequence < $2
      ORDER BY sequence DESC LIMIT $3`,
    values: [membershipId, after ?? aboveAllIds, limit],
  };
}

function readOpenHolds({
  programId,
  now,
  limit,
  after,
}: Parameters<LedgerReader['openHolds']>[0]): QueryConfig {
  return {
    name: 'read_open_holds',
    text: `SELECT redemptions.*, (
        SELECT user_id FROM memberships WHERE membership_id = redemptions.membership_id
      ) AS user_id
      FROM redemptions
      WHERE state = 'RESERVED' AND program_id = $1
        AND hold_expires_at > $2 AND (hold_expires_at, redemption_id) > ($3, $4)
      ORDER BY hold_expires_at, redemption_id LIMIT $5`,
    values: [
      programId,
      timestamptz(now),
      timestamptz(after?.holdExpiresAt ?? beginningOfTime),
      after?.redemptionId ?? '',
      limit,
    ],
  };
}

function readRewardsTaken({
  programId,
  membershipId,
  rewards,
}: Parameters<LedgerReader['rewardsTaken']>[0]): QueryConfig {
  const usages = rewards.map(({ usage }) => usage);
  return {
    name: 'read_rewards_taken',
    text: `SELECT coalesce((
          SELECT taken FROM reward_stock
          WHERE program_id = $1 AND reward_id = asked.reward_id
        ), 0)::bigint AS stock,
        coalesce((
          SELECT taken FROM reward_usage
          WHERE membership_id = $2 AND reward_id = asked.reward_id
            AND period = asked.period AND period_start = asked.period_start
        ), 0)::bigint AS "byMember"
      FROM unnest($3::text[], $4::text[], $5::timestamptz[])
        WITH ORDINALITY AS asked (reward_id, period, period_start, position)
      ORDER BY asked.position`,
    values: [
      programId,
      membershipId,
      rewards.map(({ rewardId }) => rewardId),
      usages.map((usage) => usage?.period),
      usages.map((usage) => timestamptzOrNull(usage?.start)),
    ],
  };
}
