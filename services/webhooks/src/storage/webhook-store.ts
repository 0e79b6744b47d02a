import { timestamptz, timestamptzOrNull } from '@loyalty/platform/postgres/timestamptz.ts';
import { type DbTransaction, transaction } from '@loyalty/platform/postgres/transaction.ts';
import { LimitExceeded } from '@loyalty/rules/limit-exceeded.ts';
import { pageOf } from '@loyalty/rules/page.ts';
import type { Pool } from 'pg';
import type { WebhookName } from '../app/webhook-name.ts';
import type { WebhookStore, WebhookView } from '../app/webhook-store.ts';
import type { Webhook } from '../domain/webhook.ts';
import { translated } from './storage-errors.ts';
import { selectWebhookViews, type WebhookViewRow, webhookViewOf } from './webhook-rows.ts';

/** Deliveries that one statement deletes at most, so that none takes long. */
const deletedMax = 5_000;

/** Webhooks in PostgreSQL. */
export function createWebhookStore(pool: Pool): WebhookStore {
  return {
    create: (webhook, { max }) => translated(transaction(pool, (tx) => create(tx, webhook, max))),

    async find(name) {
      const { rows } = await translated(
        pool.query<WebhookViewRow>(
          `${selectWebhookViews} WHERE w.webhook_id = $1 AND w.program_id = $2`,
          [name.webhookId, name.programId],
        ),
      );
      return rows.map(webhookViewOf)[0];
    },

    async list({ programId, after = '', limit }) {
      const { rows } = await translated(
        pool.query<WebhookViewRow>(
          `${selectWebhookViews} WHERE w.program_id = $1 AND w.webhook_id > $2 ORDER BY w.webhook_id LIMIT $3`,
          [programId, after, limit + 1],
        ),
      );
      return pageOf(rows.map(webhookViewOf), limit);
    },

    change: (name, change) =>
      translated(
        transaction(pool, async (tx) => {
          const present = await lock(tx, name);
          if (present === undefined) return undefined;
          const webhook = change(present);
          await update(tx, webhook);
          return { ...webhook, replay: present.replay, pausedUntil: undefined };
        }),
      ),

    async remove(name) {
      const { webhookId } = name;
      const { rowCount } = await translated(
        pool.query(
          `UPDATE webhooks SET state = 'DISABLED', disable_reason = 'REQUESTED' WHERE webhook_id = $1 AND program_id = $2`,
          [webhookId, name.programId],
        ),
      );
      if (rowCount === 0) return false;
      while (await removeDeliveries(pool, webhookId));
      await translated(pool.query('DELETE FROM webhooks WHERE webhook_id = $1', [webhookId]));
      return true;
    },

    async count() {
      const { rows } = await translated(
        pool.query<{ state: string; reason: string; count: bigint }>(
          `SELECT state, coalesce(disable_reason, '') AS reason, count(*) FROM webhooks GROUP BY 1, 2`,
        ),
      );
      return rows.map((row) => ({ ...row, count: Number(row.count) }));
    },
  };
}

async function removeDeliveries(pool: Pool, webhookId: string): Promise<boolean> {
  const { rowCount } = await translated(
    pool.query(
      `DELETE FROM deliveries WHERE delivery_id = ANY (ARRAY(
         SELECT delivery_id FROM deliveries WHERE webhook_id = $1 ORDER BY delivery_id LIMIT $2
       ))`,
      [webhookId, deletedMax],
    ),
  );
  return rowCount === deletedMax;
}

async function create(tx: DbTransaction, webhook: Webhook, max: number): Promise<void> {
  // Two that are created at the same time would both find room for one.
  await tx.query('SELECT pg_advisory_xact_lock(hashtext($1))', [webhook.programId]);
  const { rows } = await tx.query<{ count: bigint }>(
    'SELECT count(*) FROM webhooks WHERE program_id = $1',
    [webhook.programId],
  );
  if (Number(rows[0]?.count) >= max) {
    throw new LimitExceeded(`A program can have at most ${max} webhooks`, {
      metadata: { limit: String(max) },
    });
  }
  await insert(tx, webhook);
}

async function lock(tx: DbTransaction, name: WebhookName): Promise<WebhookView | undefined> {
  const { rows } = await tx.query<WebhookViewRow>(
    `${selectWebhookViews} WHERE w.webhook_id = $1 AND w.program_id = $2 FOR NO KEY UPDATE OF w`,
    [name.webhookId, name.programId],
  );
  return rows.map(webhookViewOf)[0];
}

function valuesOf(webhook: Webhook): unknown[] {
  const { secrets } = webhook;
  return [
    webhook.webhookId,
    webhook.url,
    webhook.description,
    webhook.eventTypes,
    webhook.state,
    webhook.disableReason ?? null,
    secrets.current,
    secrets.previous?.secret ?? null,
    timestamptzOrNull(secrets.previous?.until),
    timestamptzOrNull(webhook.failingSince),
    webhook.revision,
    timestamptz(webhook.updateTime),
  ];
}

async function insert(tx: DbTransaction, webhook: Webhook): Promise<void> {
  await tx.query(
    `INSERT INTO webhooks (webhook_id, url, description, event_types, state, disable_reason, secret, previous_secret,
       previous_secret_until, failing_since, revision, update_time, program_id, create_time)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [...valuesOf(webhook), webhook.programId, timestamptz(webhook.createTime)],
  );
}

// What was failing may have been repaired: the endpoint is tried at once.
async function update(tx: DbTransaction, webhook: Webhook): Promise<void> {
  await tx.query(
    `UPDATE webhooks SET url = $2, description = $3, event_types = $4, state = $5, disable_reason = $6, secret = $7,
       previous_secret = $8, previous_secret_until = $9, failing_since = $10, revision = $11, update_time = $12,
       unreachable_count = 0, paused_until = '-infinity', due_time = least(due_time, $12)
     WHERE webhook_id = $1`,
    valuesOf(webhook),
  );
}
