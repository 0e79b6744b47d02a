import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Announcing, DisabledWebhook } from '../app/disabled-webhook.ts';

/** Disables a webhook and announces it in the same transaction. False if it was disabled already. */
export async function disableWebhook(
  tx: DbTransaction,
  disabled: Pick<DisabledWebhook, 'webhookId' | 'reason' | 'failingSince' | 'disabledAt'>,
  { encodeDisabled }: Pick<Announcing, 'encodeDisabled'>,
): Promise<boolean> {
  const { webhookId, reason, disabledAt } = disabled;
  const { rows } = await tx.query<{ program_id: string; description: string }>(
    `UPDATE webhooks SET state = 'DISABLED', disable_reason = $2, update_time = $3, revision = revision + 1
     WHERE webhook_id = $1 AND state = 'ENABLED'
     RETURNING program_id, description`,
    [webhookId, reason, timestamptz(disabledAt)],
  );
  const [row] = rows;
  if (row === undefined) return false;
  const { program_id: programId, description } = row;
  await tx.query('INSERT INTO outbox (batch) VALUES ($1)', [
    encodeDisabled({ ...disabled, programId, description }),
  ]);
  return true;
}
