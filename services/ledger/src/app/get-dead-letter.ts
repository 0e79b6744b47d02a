import { DeadLetterNotFound } from '../domain/errors.ts';
import type { MessagingApp } from './app.ts';
import type { DeadLetter, DeadLetters, ProgramScope } from './dead-letters.ts';

/** Names a dead letter as callers do. One of another program counts as absent. */
export interface DeadLetterName {
  readonly deadLetterId: string;
  readonly programs: ProgramScope;
}

/** @throws {DeadLetterNotFound} */
export async function getDeadLetter(app: MessagingApp, name: DeadLetterName): Promise<DeadLetter> {
  return requireDeadLetter(app.deadLetters, name);
}

/** As many digits as every id has room for. */
const idPattern = /^[1-9]\d{0,17}$/;

/** @throws {DeadLetterNotFound} */
export async function requireDeadLetter(
  deadLetters: DeadLetters,
  { deadLetterId, programs }: DeadLetterName,
): Promise<DeadLetter> {
  const letter = idPattern.test(deadLetterId)
    ? await deadLetters.find({ deadLetterId: BigInt(deadLetterId), programs })
    : undefined;
  if (letter === undefined) throw new DeadLetterNotFound(deadLetterId);
  return letter;
}
