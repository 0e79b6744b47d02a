import type { DeadLetter, DeadLetters, ProgramScope, Setback } from './dead-letters.ts';
import type { PageRequest } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/** Messages that couldn't be applied, the newest first, without their payloads. Positions are ids. */
export type ListDeadLettersUseCase = (
  query: {
    programs: ProgramScope;
    /** All when undefined. */
    state: Setback['state'] | undefined;
  } & PageRequest<bigint>,
) => Promise<Page<DeadLetter, bigint>>;

export function createListDeadLetters(deps: { deadLetters: DeadLetters }): ListDeadLettersUseCase {
  return async (query) =>
    await readPage(query, {
      read: (part) => deps.deadLetters.list({ ...query, ...part }),
      positionOf: ({ deadLetterId }) => deadLetterId,
    });
}
