import { randomUUID } from 'node:crypto';
import {
  instant,
  type Timestamp,
  timestamptz,
  timestamptzOrNull,
} from '@loyalty/platform/postgres/timestamptz.ts';
import { transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool } from 'pg';
import type { LeasedReplay, ReplayRange, ReplayStep, ReplayStore } from '../app/replay-store.ts';
import { priorityNumbers } from './delivery-priorities.ts';
import { beginDeliveries, makeDue } from './delivery-writes.ts';
import { leaseEnd } from './lease-end.ts';
import { translated } from './storage-errors.ts';

interface LeasedRow {
  webhook_id: string;
  program_id: string;
  event_types: string[];
  from_time: Timestamp | null;
  to_time: Timestamp | null;
  user_id: string | null;
  from_sequence: bigint;
  page_token: string;
  read_since: Date;
  lease: string;
}

/** Ends a worker's lease of a replay. */
const givenBack = `lease = NULL, leased_until = '-infinity'`;

/** Replays in PostgreSQL. */
export function createReplayStore(pool: Pool): ReplayStore {
  return {
    async begin(webhookId, range, now) {
      const ofMember = 'userId' in range;
      const { rowCount } = await translated(
        pool.query(
          `INSERT INTO replays AS r (webhook_id, from_time, to_time, user_id, from_sequence, state, read_since, due_time,
             create_time, update_time)
           VALUES ($1, $2, $3, $4, $5, 'RUNNING', $6, $6, $6, $6)
           ON CONFLICT (webhook_id) DO UPDATE SET
             from_time = excluded.from_time, to_time = excluded.to_time, user_id = excluded.user_id,
             from_sequence = excluded.from_sequence, state = 'RUNNING', page_token = '', event_count = 0, error = '',
             read_since = excluded.read_since, ${givenBack}, due_time = excluded.due_time, create_time = excluded.create_time,
             update_time = excluded.update_time
           WHERE r.state <> 'RUNNING'`,
          [
            webhookId,
            timestamptzOrNull(ofMember ? undefined : range.from),
            timestamptzOrNull(ofMember ? undefined : range.to),
            ofMember ? range.userId : null,
            String(ofMember ? range.fromSequence : 0n),
            timestamptz(now),
          ],
        ),
      );
      return rowCount === 1;
    },

    async lease({ now, leaseMs, pendingMax }) {
      const { rows } = await translated(
        pool.query<LeasedRow>(
          `UPDATE replays SET lease = $1, leased_until = ${leaseEnd('$2')} FROM webhooks
           WHERE webhooks.webhook_id = replays.webhook_id AND replays.webhook_id = ANY (ARRAY(
             SELECT webhook_id FROM replays JOIN webhooks USING (webhook_id)
             WHERE replays.state = 'RUNNING' AND replays.due_time <= $3 AND replays.leased_until <= statement_timestamp()
               AND webhooks.state = 'ENABLED' AND NOT EXISTS (
                 SELECT FROM deliveries
                 WHERE deliveries.webhook_id = replays.webhook_id AND state = 'PENDING' AND priority = $5
                   AND next_attempt_time <= $3
                 OFFSET $4
               )
             ORDER BY replays.due_time LIMIT 1 FOR NO KEY UPDATE OF replays SKIP LOCKED
           ))
           RETURNING replays.webhook_id, program_id, event_types, from_time, to_time, user_id, from_sequence, page_token,
             read_since, replays.lease`,
          [randomUUID(), leaseMs, timestamptz(now), pendingMax, priorityNumbers.REPLAYED],
        ),
      );
      return rows.map(
        (row): LeasedReplay => ({
          webhookId: row.webhook_id,
          programId: row.program_id,
          eventTypes: row.event_types,
          range: rangeOf(row),
          pageToken: row.page_token,
          readSince: instant(row.read_since),
          lease: row.lease,
        }),
      )[0];
    },

    async advance(replay, step) {
      const { webhookId } = replay;
      const { events, now } = step;
      await translated(
        transaction(pool, async (tx) => {
          await makeDue(tx, { webhookIds: [webhookId], now });
          const [set, values] = continuationOf(step);
          const { rowCount } = await tx.query(
            `UPDATE replays SET ${set}, event_count = event_count + $3, error = '', update_time = $4, ${givenBack}
             WHERE webhook_id = $1 AND lease = $2
               AND EXISTS (SELECT FROM webhooks WHERE webhook_id = $1 AND state = 'ENABLED')`,
            [webhookId, replay.lease, String(events.length), timestamptz(now), ...values],
          );
          if (rowCount === 0) return;
          await beginDeliveries(tx, { webhookId, events, priority: 'REPLAYED', now });
        }),
      );
    },

    async noteFailure({ webhookId, lease }, { error, retryTime, now }) {
      await translated(
        pool.query(
          `UPDATE replays SET error = $3, update_time = $4, state = $5, due_time = $6, ${givenBack}
           WHERE webhook_id = $1 AND lease = $2`,
          [
            webhookId,
            lease,
            error,
            timestamptz(now),
            retryTime === undefined ? 'FAILED' : 'RUNNING',
            timestamptz(retryTime ?? now),
          ],
        ),
      );
    },
  };
}

/** What the next page needs, with parameters from $5 on. */
function continuationOf({ next, now }: ReplayStep): [set: string, values: unknown[]] {
  switch (next.kind) {
    case 'PAGE':
      return ['page_token = $5, due_time = $6', [next.pageToken, timestamptz(now)]];
    case 'AGAIN':
      return [
        `page_token = '', from_time = $5, read_since = $6, due_time = $6`,
        [timestamptz(next.from), timestamptz(next.time)],
      ];
    case 'DONE':
      return [`page_token = '', state = 'DONE', due_time = $5`, [timestamptz(now)]];
  }
}

function rangeOf(row: LeasedRow): ReplayRange {
  return row.user_id === null
    ? { from: instant(row.from_time ?? 0), to: instant(row.to_time ?? 0) }
    : { userId: row.user_id, fromSequence: row.from_sequence };
}
