import type { Instant } from '@loyalty/rules/instant.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { MembershipNotFound, ProgramNotFound, ReplayRunning } from '../domain/errors.ts';
import type { App } from './app.ts';
import { JournalRefused } from './journal.ts';
import type { ReplayRange } from './replay-store.ts';
import { requireEnabled, requireWebhook } from './require-webhook.ts';
import type { WebhookName } from './webhook-name.ts';
import type { WebhookView } from './webhook-store.ts';

export interface ReplayWebhook extends WebhookName {
  readonly range:
    | { readonly from: Instant /** Now if undefined. */; readonly to: Instant | undefined }
    | { readonly userId: string; readonly fromSequence: bigint };
}

/**
 * Begins to deliver past events. The rest happens in the background.
 *
 * @throws {WebhookNotFound} {@link WebhookIsDisabled} {@link ReplayRunning} {@link ValidationFailed} {@link ProgramNotFound} {@link MembershipNotFound}
 */
export async function replayWebhook(app: App, replay: ReplayWebhook): Promise<WebhookView> {
  const now = app.clock();
  const range = rangeUntil(replay.range, now);
  const { webhookId } = await requireEnabled(app, replay);
  await requireJournal(app, { programId: replay.programId, range });
  if (!(await app.replays.begin(webhookId, range, now))) throw new ReplayRunning(webhookId);
  app.wakeWorkers();
  return await requireWebhook(app, replay);
}

/** Long enough for a ledger that works. */
const timeoutMs = 2_000;

/** Has a wrong user id noticed now. A ledger that doesn't respond is left to the work in the background. */
async function requireJournal(
  { journal }: Pick<App, 'journal'>,
  { programId, range }: { programId: string; range: ReplayRange },
): Promise<void> {
  try {
    await journal.read({ programId, range, pageToken: '', pageSize: 1, timeoutMs });
  } catch (error) {
    const reason = error instanceof JournalRefused ? error.reason : undefined;
    if (reason === 'PROGRAM_NOT_FOUND') throw new ProgramNotFound(programId);
    if (reason === 'MEMBERSHIP_NOT_FOUND') throw new MembershipNotFound(programId);
  }
}

function rangeUntil(range: ReplayWebhook['range'], now: Instant): ReplayRange {
  if ('userId' in range) return range;
  // What happens from now on is delivered anyway.
  const to = Math.min(range.to ?? now, now);
  if (range.from < to) return { from: range.from, to };
  const message = 'must be in the past, and earlier than to';
  throw new ValidationFailed([{ field: 'from', message }]);
}
