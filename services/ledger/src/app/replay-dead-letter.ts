import { IllegalTransition } from '../domain/errors.ts';
import type { MessagingApp } from './app.ts';
import { applyMessage } from './apply-message.ts';
import type { DeadLetter, Decision } from './dead-letters.ts';
import { type DeadLetterName, requireDeadLetter } from './get-dead-letter.ts';

/**
 * Tries a dead letter again now, and returns it as it is after that: REPLAYED, or with the reason of this attempt.
 * Idempotent: one that was replayed before is returned as it is.
 *
 * @throws {DeadLetterNotFound} {@link IllegalTransition} when it was discarded, and what {@link applyMessage} throws
 */
export async function replayDeadLetter(
  app: MessagingApp,
  name: DeadLetterName,
  { author, why }: Pick<Decision, 'author' | 'why'>,
): Promise<DeadLetter> {
  const { deadLetters, clock } = app;
  const letter = await requireDeadLetter(deadLetters, name);
  const { deadLetterId, message, attempts, state } = letter;
  if (state === 'REPLAYED') return letter;
  if (state === 'DISCARDED') throw new IllegalTransition({ from: state, to: 'REPLAYED' });
  const { failure } = await applyMessage(app, message, attempts + 1);
  if (failure === undefined) {
    await deadLetters.decide(deadLetterId, { state: 'REPLAYED', author, why, time: clock() });
  } else {
    await deadLetters.recordFailure(deadLetterId, failure);
  }
  // A retry that applied it at the same time has removed it.
  return (await deadLetters.find({ deadLetterId, programs: name.programs })) ?? letter;
}
