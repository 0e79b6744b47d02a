import type { Abuse } from './attacks.ts';
import { memoryLimitMib, type TrialResult } from './trial.ts';

/** What an attacker may learn: that it is over its limit or unknown, or what is wrong with a call within its limit. */
const outcomesAllowed = new Set([
  'OK',
  'RATE_LIMITED',
  'OVERLOADED',
  'VALIDATION_FAILED',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
]);
/** How much callers without a token may add to a process's memory, in MiB. */
const strangersMibMax = 64;

/** What was wrong with refusals and memory. */
export function faultsOf(abuse: Abuse, result: TrialResult): string[] {
  const { bystanderRefusals, attackerOutcomes, memory } = result;
  const faults = Object.entries(bystanderRefusals).map(
    ([outcome, count]) => `${count} calls of the bystander ended in ${outcome}`,
  );
  if ((attackerOutcomes[abuse.refusal] ?? 0) === 0) {
    faults.push(`the attacker never got ${abuse.refusal}`);
  }
  for (const [outcome, count] of Object.entries(attackerOutcomes)) {
    // A body that is refused before it is read ends its connection.
    const isAllowed = outcomesAllowed.has(outcome) || (outcome === 'CUT' && abuse.bodyBytes > 0);
    if (!isAllowed) faults.push(`${count} calls of the attacker ended in ${outcome}`);
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

/** Whether the bystander's p99 was at most twice what it was alone, or at most 50 ms. */
export function isUndisturbed({ aloneMs, attackedMs }: TrialResult): boolean {
  return attackedMs <= Math.max(2 * aloneMs, 50);
}
