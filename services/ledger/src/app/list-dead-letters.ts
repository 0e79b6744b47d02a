import type { MessagingApp } from './app.ts';
import type { DeadLetter, DeadLetterState, ProgramScope } from './dead-letters.ts';
import type { PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/** Messages that couldn't be applied, the newest first, without their payloads. Positions are ids. */
export async function listDeadLetters(
  app: MessagingApp,
  query: {
    programs: ProgramScope;
    /** All when undefined. */
    state: DeadLetterState | undefined;
    /** All when undefined. */
    reason: string | undefined;
  } & PageRequest<bigint>,
): Promise<Page<DeadLetter, bigint>> {
  return await readPage(query, {
    read: (part) => app.deadLetters.list({ ...query, ...part }),
    positionOf: ({ deadLetterId }) => deadLetterId,
  });
}
