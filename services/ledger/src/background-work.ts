import type { MessagingApp } from './app/app.ts';
import { applyMessage } from './app/apply-message.ts';
import { bringDueUpToDate } from './app/bring-due-up-to-date.ts';
import type { NoticeStore } from './app/give-notices.ts';
import { consumeStream } from './events/stream-consumer.ts';
import { bringMembershipsUpToDate } from './jobs/bring-up-to-date.ts';
import { giveNoticesRegularly } from './jobs/give-notices.ts';
import { removeDecidedLetters } from './jobs/remove-decided-letters.ts';
import { retryDeadLetters } from './jobs/retry-dead-letters.ts';
import type { Runtime } from './runtime.ts';

const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Runs the consumers of the incoming stream, the retries of waiting messages and the removal of decided ones, notices, and
 * what is due.
 */
export function startBackground(
  { config, nats, logger, signal }: Runtime,
  { app, notices }: { app: MessagingApp; notices: NoticeStore },
): Promise<void>[] {
  const consumer = { nats, logger, signal };
  return [
    consumeStream(app, { ...consumer, durable: 'ledger-earns', filter: 'loyalty.earn.v1.*' }),
    consumeStream(app, { ...consumer, durable: 'ledger-refunds', filter: 'loyalty.refund.v1.*' }),
    retryDeadLetters({
      ...app,
      apply: (message, attempt) => applyMessage(app, message, attempt),
      logger,
      signal,
    }),
    removeDecidedLetters({
      ...app,
      keepMs: config.deadLetterDays * dayMs,
      logger,
      signal,
    }),
    giveNoticesRegularly({ ...app, notices, logger, signal }),
    bringMembershipsUpToDate({
      bringDueUpToDate: (limit) => bringDueUpToDate(app, limit),
      logger,
      signal,
    }),
  ];
}
