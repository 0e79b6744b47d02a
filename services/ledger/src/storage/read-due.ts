import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { QueryConfig } from 'pg';
import type { LedgerReader } from '../app/ledger-store.ts';
import type { Read } from './read.ts';

/** Reads for the job that brings balances up to date. */
export function dueReads(read: Read): Pick<LedgerReader, 'due'> {
  return {
    async due(query) {
      const rows = await read<{ membership_id: bigint }>(readDueMemberships(query));
      return rows.map((row) => row.membership_id);
    },
  };
}

function readDueMemberships({ now, limit }: Parameters<LedgerReader['due']>[0]): QueryConfig {
  return {
    name: 'read_due_memberships',
    text: `SELECT membership_id
      FROM (
        SELECT membership_id, sum(entries) OVER (ORDER BY next_due_at, membership_id) - entries AS entries_before
        FROM (
          SELECT membership_id, next_due_at, CASE WHEN reserved = 0 THEN 1 ELSE (
              SELECT greatest(count(*), 1) FROM redemptions
              WHERE redemptions.membership_id = memberships.membership_id
                AND redemptions.state = 'RESERVED' AND hold_expires_at <= $1
            ) END AS entries
          FROM memberships
          WHERE next_due_at <= $1 AND next_due_at < 'infinity'
          ORDER BY next_due_at LIMIT $2
        ) AS longest_due
      ) AS due
      WHERE entries_before < $2 ORDER BY entries_before`,
    values: [timestamptz(now), limit],
  };
}
