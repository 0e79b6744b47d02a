import type { MessagingApp } from './app.ts';
import { applyMessage } from './apply-message.ts';
import type { DeadLetter } from './dead-letters.ts';
import { type DeadLetterName, requireDeadLetter } from './get-dead-letter.ts';

/**
 * Makes a dead letter due now, and returns it as it was before. When it can be applied it is kept no longer;
 * otherwise it stays, with the reason of this attempt.
 *
 * @throws {DeadLetterNotFound}, and what {@link applyMessage} throws
 */
export async function replayDeadLetter(
  app: MessagingApp,
  name: DeadLetterName,
): Promise<DeadLetter> {
  const letter = await requireDeadLetter(app.deadLetters, name);
  const { deadLetterId, message, attempts } = letter;
  const { failure } = await applyMessage(app, message, attempts + 1);
  if (failure === undefined) await app.deadLetters.remove([deadLetterId]);
  else await app.deadLetters.recordFailure(deadLetterId, failure);
  return letter;
}
