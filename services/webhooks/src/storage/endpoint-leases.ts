import { randomUUID } from 'node:crypto';
import { timestamptz, timestamptzOrNull } from '@loyalty/platform/postgres/timestamptz.ts';
import { type DbTransaction, transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Pool } from 'pg';
import type { DeliveryStore } from '../app/delivery-store.ts';
import type { Announcing } from '../app/disabled-webhook.ts';
import type { EndpointHealth } from '../domain/endpoint-health.ts';
import { eachPriority } from './delivery-priorities.ts';
import { disableWebhook } from './disable-webhook.ts';
import { leaseEnd } from './lease-end.ts';
import {
  type LeasedEndpointRow,
  leasedEndpointColumns,
  leasedEndpointOf,
} from './leased-endpoint-rows.ts';
import { translated } from './storage-errors.ts';

const canBeLeased = `state = 'ENABLED' AND due_time <= $3 AND leased_until <= statement_timestamp()`;

/**
 * Which worker has which endpoint. A lease that isn't renewed ends by itself, so that the endpoints of a process that was killed
 * or is frozen are served by another one.
 */
export function createEndpointLeases(
  pool: Pool,
  announcing: Announcing,
): Pick<DeliveryStore, 'lease' | 'renew' | 'release'> {
  return {
    async lease({ limit, served, perProgramMax, now, leaseMs }) {
      const lease = randomUUID();
      const { rows } = await translated(
        pool.query<LeasedEndpointRow>(
          // Materialized: with statistics from when few endpoints were due, it would be computed once for each of them.
          `WITH candidates AS MATERIALIZED (
             SELECT webhook_id, program_id, due_time,
               row_number() OVER (PARTITION BY program_id ORDER BY due_time) AS place
             FROM webhooks WHERE ${canBeLeased}
           ), served AS MATERIALIZED (
             SELECT program_id, count(*) AS places FROM unnest($6::text[]) AS served (program_id) GROUP BY program_id
           ), chosen AS MATERIALIZED (
             SELECT webhook_id FROM candidates LEFT JOIN served USING (program_id)
             WHERE place + coalesce(places, 0) <= $5
             ORDER BY due_time LIMIT $4
           )
           UPDATE webhooks SET lease = $1, leased_until = ${leaseEnd('$2')} WHERE webhook_id = ANY (ARRAY(
             SELECT webhook_id FROM webhooks
             WHERE webhook_id = ANY (ARRAY(SELECT webhook_id FROM chosen)) AND ${canBeLeased}
             FOR NO KEY UPDATE SKIP LOCKED
           ))
           RETURNING ${leasedEndpointColumns}`,
          [
            lease,
            leaseMs,
            timestamptz(now),
            limit,
            perProgramMax,
            served.map(({ programId }) => programId),
          ],
        ),
      );
      return rows.map(leasedEndpointOf);
    },

    async renew(leases, leaseMs) {
      await translated(
        // Locked in the order of ids, as by those that add deliveries to several webhooks.
        pool.query(
          `UPDATE webhooks SET leased_until = ${leaseEnd('$3')} WHERE webhook_id = ANY (ARRAY(
             SELECT webhook_id FROM webhooks JOIN unnest($1::text[], $2::uuid[]) AS mine (webhook_id, lease)
               USING (webhook_id, lease)
             ORDER BY webhook_id FOR NO KEY UPDATE OF webhooks
           ))`,
          [leases.map(({ webhookId }) => webhookId), leases.map(({ lease }) => lease), leaseMs],
        ),
      );
    },

    async release({ webhookId, lease, revision, resumeCount }, health, now) {
      const isAnnounced = await translated(
        transaction(pool, async (tx) => {
          const { rowCount } = await tx.query(
            `UPDATE webhooks SET lease = NULL, leased_until = '-infinity' WHERE webhook_id = $1 AND lease = $2`,
            [webhookId, lease],
          );
          // Another worker has it, or nobody: it was deleted.
          if (rowCount === 0) return false;
          const learned = { webhookId, revision, resumeCount, health, now };
          const isDisabled = await noteHealth(tx, learned, announcing);
          // A statement of its own, which sees what was committed before the one above had the lock.
          // Not before now, so that an endpoint with more to come is behind all that wait for their turn.
          await tx.query(
            `UPDATE webhooks SET due_time = greatest($2, paused_until, coalesce((
               SELECT min(next_attempt_time) FROM ${eachPriority}, LATERAL (
                 SELECT next_attempt_time FROM deliveries
                 WHERE deliveries.webhook_id = webhooks.webhook_id AND state = 'PENDING' AND priority = each.priority
                 ORDER BY next_attempt_time LIMIT 1
               ) AS next
             ), 'infinity'))
             WHERE webhook_id = $1`,
            [webhookId, timestamptz(now)],
          );
          return isDisabled;
        }),
      );
      if (isAnnounced) announcing.wakeRelay();
    },
  };
}

/**
 * Writes down what was learned about an endpoint, unless a caller has changed the webhook meanwhile: it was the old one. An
 * operator who has asked for a request meanwhile has ended the pause that was learned, too. Returns whether this disabled the
 * webhook.
 */
async function noteHealth(
  tx: DbTransaction,
  {
    webhookId,
    revision,
    resumeCount,
    health: { failingSince, unreachableCount, pausedUntil, disable },
    now,
  }: {
    webhookId: string;
    revision: number;
    resumeCount: number;
    health: EndpointHealth;
    now: Instant;
  },
  announcing: Announcing,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE webhooks SET failing_since = $3,
       unreachable_count = CASE resume_count WHEN $6 THEN $4 ELSE unreachable_count END,
       paused_until = CASE resume_count WHEN $6 THEN coalesce($5, '-infinity'::timestamptz) ELSE paused_until END
     WHERE webhook_id = $1 AND revision = $2`,
    [
      webhookId,
      revision,
      timestamptzOrNull(failingSince),
      unreachableCount,
      timestamptzOrNull(pausedUntil),
      resumeCount,
    ],
  );
  if (rowCount === 0 || disable === undefined) return false;
  const disabled = { webhookId, reason: disable, failingSince, disabledAt: now };
  return await disableWebhook(tx, disabled, announcing);
}
