import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { type DeadLetterName, requireDeadLetter } from './get-dead-letter.ts';

/**
 * Gives a kept message up for good, and answers it.
 *
 * @throws {DeadLetterNotFound}
 */
export type DiscardDeadLetterUseCase = (name: DeadLetterName) => Promise<DeadLetter>;

export function createDiscardDeadLetter(deps: {
  deadLetters: DeadLetters;
}): DiscardDeadLetterUseCase {
  return async (name) => {
    const letter = await requireDeadLetter(deps.deadLetters, name);
    await deps.deadLetters.remove([letter.deadLetterId]);
    return letter;
  };
}
