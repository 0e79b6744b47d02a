import { instant, instantOrUndefined } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Replay, ReplayState } from '../app/replay-store.ts';
import type { WebhookView } from '../app/webhook-store.ts';
import type { DisableReason, Secrets, WebhookState } from '../domain/webhook.ts';

export interface SecretColumns {
  secret: string;
  previous_secret: string | null;
  previous_secret_until: Date | null;
}

export interface WebhookRow extends SecretColumns {
  webhook_id: string;
  program_id: string;
  url: string;
  description: string;
  event_types: string[];
  state: WebhookState;
  disable_reason: DisableReason | null;
  failing_since: Date | null;
  revision: number;
  create_time: Date;
  update_time: Date;
}

/** A webhook's row with that of its replay, whose columns are NULL where there is none. */
export interface WebhookViewRow extends WebhookRow {
  paused_until: Date | null;
  replay_state: ReplayState | null;
  replay_event_count: bigint | null;
  replay_error: string | null;
  replay_create_time: Date | null;
  replay_update_time: Date | null;
}

/** Selects {@link WebhookViewRow}s. */
export const selectWebhookViews = `
  SELECT w.webhook_id, w.program_id, w.url, w.description, w.event_types, w.state, w.disable_reason,
    w.secret, w.previous_secret, w.previous_secret_until, w.failing_since, w.revision, w.create_time, w.update_time,
    nullif(w.paused_until, '-infinity') AS paused_until,
    r.state AS replay_state, r.event_count AS replay_event_count, r.error AS replay_error, r.create_time AS replay_create_time, r.update_time AS replay_update_time
  FROM webhooks w LEFT JOIN replays r USING (webhook_id)`;

export function webhookViewOf(row: WebhookViewRow): WebhookView {
  return {
    webhookId: row.webhook_id,
    programId: row.program_id,
    url: row.url,
    description: row.description,
    eventTypes: row.event_types,
    state: row.state,
    disableReason: row.disable_reason ?? undefined,
    secrets: secretsOf(row),
    failingSince: instantOrUndefined(row.failing_since),
    revision: row.revision,
    createTime: instant(row.create_time),
    updateTime: instant(row.update_time),
    replay: replayOf(row),
    pausedUntil: instantOrUndefined(row.paused_until),
  };
}

export function secretsOf(row: SecretColumns): Secrets {
  const { previous_secret: secret, previous_secret_until: until } = row;
  return {
    current: row.secret,
    previous: secret === null || until === null ? undefined : { secret, until: instant(until) },
  };
}

function replayOf(row: WebhookViewRow): Replay | undefined {
  if (row.replay_state === null) return undefined;
  return {
    state: row.replay_state,
    events: row.replay_event_count ?? 0n,
    error: row.replay_error ?? '',
    createTime: instant(row.replay_create_time ?? 0),
    updateTime: instant(row.replay_update_time ?? 0),
  };
}
