import type { MessagingApp } from './app.ts';
import type { DeadLetter } from './dead-letters.ts';
import { type DeadLetterName, requireDeadLetter } from './get-dead-letter.ts';

/**
 * Discards a dead letter for good, and returns it.
 *
 * @throws {DeadLetterNotFound}
 */
export async function discardDeadLetter(
  app: MessagingApp,
  name: DeadLetterName,
): Promise<DeadLetter> {
  const letter = await requireDeadLetter(app.deadLetters, name);
  await app.deadLetters.remove([letter.deadLetterId]);
  return letter;
}
