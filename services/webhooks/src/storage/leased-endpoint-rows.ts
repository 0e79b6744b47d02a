import { instantOrUndefined } from '@loyalty/platform/postgres/timestamptz.ts';
import type { LeasedEndpoint } from '../app/delivery-store.ts';
import { type SecretColumns, secretsOf } from './webhook-rows.ts';

export interface LeasedEndpointRow extends SecretColumns {
  webhook_id: string;
  program_id: string;
  url: string;
  failing_since: Date | null;
  unreachable_count: number;
  revision: number;
  resume_count: number;
  lease: string;
}

export const leasedEndpointColumns = `webhooks.webhook_id, webhooks.program_id, webhooks.url, webhooks.secret,
  webhooks.previous_secret, webhooks.previous_secret_until, webhooks.failing_since, webhooks.unreachable_count,
  webhooks.revision, webhooks.resume_count, webhooks.lease`;

export function leasedEndpointOf(row: LeasedEndpointRow): LeasedEndpoint {
  return {
    webhookId: row.webhook_id,
    programId: row.program_id,
    url: row.url,
    secrets: secretsOf(row),
    health: {
      failingSince: instantOrUndefined(row.failing_since),
      unreachableCount: row.unreachable_count,
      // It is over, or the endpoint wouldn't be due.
      pausedUntil: undefined,
      disable: undefined,
    },
    revision: row.revision,
    resumeCount: row.resume_count,
    lease: row.lease,
  };
}
