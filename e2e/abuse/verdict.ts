import type { Abuse } from './attacks.ts';
import { memoryLimitMib, type TrialResult } from './trial.ts';

/** What an attacker may be told: that it is over its limit or unknown, or what is wrong with a call within it. */
const answersAllowed = new Set([
  'OK',
  'RATE_LIMITED',
  'OVERLOADED',
  'VALIDATION_FAILED',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
]);
/** What callers without a token may add to a process's memory. */
const strangersMibMax = 64;

/** What didn't hold of refusals and memory. */
export function faultsOf(abuse: Abuse, result: TrialResult): string[] {
  const { bystanderRefusals, attackerAnswers, memory } = result;
  const faults = Object.entries(bystanderRefusals).map(
    ([answer, count]) => `${count} calls of the bystander were answered ${answer}`,
  );
  if ((attackerAnswers[abuse.refusal] ?? 0) === 0) {
    faults.push(`the attacker was never told ${abuse.refusal}`);
  }
  for (const [answer, count] of Object.entries(attackerAnswers)) {
    // A body that is refused before it is read ends its connection.
    const isAllowed = answersAllowed.has(answer) || (answer === 'CUT' && abuse.bodyBytes > 0);
    if (!isAllowed) faults.push(`${count} calls of the attacker were answered ${answer}`);
  }
  for (const [name, { mostMib, moreMib }] of Object.entries(memory)) {
    const limitMib = memoryLimitMib(name);
    if (mostMib > limitMib) faults.push(`${name} had ${mostMib.toFixed()} of ${limitMib} MiB`);
    if (abuse.unknown === true && moreMib > strangersMibMax) {
      faults.push(`strangers cost ${name} ${moreMib.toFixed()} MiB`);
    }
  }
  return faults;
}

/** Whether the bystander hardly noticed: at most twice as long, or 50 ms. */
export function isUndisturbed({ aloneMs, attackedMs }: TrialResult): boolean {
  return attackedMs <= Math.max(2 * aloneMs, 50);
}
