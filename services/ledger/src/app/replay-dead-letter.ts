import type { ApplyMessage } from './apply-message.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { type DeadLetterName, requireDeadLetter } from './get-dead-letter.ts';

/**
 * Tries a kept message again, now, and answers it as it was before. When it can be applied it is kept no longer;
 * otherwise it stays, with the reason of this attempt.
 *
 * @throws {DeadLetterNotFound}, and what {@link ApplyMessage} throws
 */
export type ReplayDeadLetterUseCase = (name: DeadLetterName) => Promise<DeadLetter>;

export function createReplayDeadLetter(deps: {
  deadLetters: DeadLetters;
  apply: ApplyMessage;
}): ReplayDeadLetterUseCase {
  return async (name) => {
    const letter = await requireDeadLetter(deps.deadLetters, name);
    const { deadLetterId, message, attempts } = letter;
    const { setback } = await deps.apply(message, attempts + 1);
    if (setback === undefined) await deps.deadLetters.remove([deadLetterId]);
    else await deps.deadLetters.setBack(deadLetterId, setback);
    return letter;
  };
}
