import { IllegalTransition } from '../domain/errors.ts';
import type { MessagingApp } from './app.ts';
import type { DeadLetter, Decision } from './dead-letters.ts';
import { type DeadLetterName, requireDeadLetter } from './get-dead-letter.ts';

/**
 * Discards a dead letter for good, and returns it. Idempotent: the first decision stays.
 *
 * @throws {DeadLetterNotFound} {@link IllegalTransition} when it was replayed
 */
export async function discardDeadLetter(
  app: MessagingApp,
  name: DeadLetterName,
  { author, why }: Pick<Decision, 'author' | 'why'>,
): Promise<DeadLetter> {
  const { deadLetterId } = await requireDeadLetter(app.deadLetters, name);
  await app.deadLetters.decide(deadLetterId, {
    state: 'DISCARDED',
    author,
    why,
    time: app.clock(),
  });
  const letter = await requireDeadLetter(app.deadLetters, name);
  if (letter.state !== 'DISCARDED') {
    throw new IllegalTransition({ from: letter.state, to: 'DISCARDED' });
  }
  return letter;
}
