import type { CompiledRule } from './compile-rule-set.ts';
import type { ConditionBindings } from './condition/condition.ts';
import { moneyText } from './decimal.ts';
import { compare } from './fraction.ts';
import { channelMatches, matchingItems } from './match.ts';
import type { Purchase, PurchaseItem } from './purchase.ts';
import { inSchedule, wallClockText } from './schedule.ts';
import type { ZoneClock } from './zone-clock.ts';

/** What rules are asked about. */
export interface Question {
  readonly purchase: Purchase;
  readonly clock: ZoneClock;
  /** Made when the first condition asks for them. */
  readonly bindings: () => ConditionBindings;
}

/** Either the items that a rule counts, or why it doesn't apply. */
export type Filtered = readonly PurchaseItem[] | string;

/** Asks a rule's filters, the cheap ones first. */
export function filterRule(rule: CompiledRule, question: Question): Filtered {
  const { purchase, clock } = question;
  const { giving, match, minimum, schedule, condition } = rule;
  if (giving.kind === 'RATE' && giving.currencyCode !== purchase.currencyCode) {
    return `counts ${giving.currencyCode}, the transaction is in ${purchase.currencyCode}`;
  }
  if (minimum !== undefined) {
    if (minimum.currencyCode !== purchase.currencyCode) {
      return `asks for at least ${moneyText(minimum.amount, minimum.currencyCode)}, the transaction is in ${purchase.currencyCode}`;
    }
    if (compare(purchase.amount, minimum.amount) < 0) {
      return `${moneyText(purchase.amount, purchase.currencyCode)} is less than the minimum of ${moneyText(minimum.amount, minimum.currencyCode)}`;
    }
  }
  if (!channelMatches(match, purchase)) {
    return purchase.channel === ''
      ? 'asks for a channel, the transaction has none'
      : `channel ${purchase.channel} doesn't match`;
  }
  const items = matchingItems(match, purchase);
  if (items.length === 0 && (match.ofItems || giving.kind === 'PER_ITEM')) {
    return purchase.items.length === 0 ? 'the transaction has no items' : 'no item matches';
  }
  if (schedule !== undefined && !inSchedule(schedule, purchase.occurMs, clock)) {
    return `outside its schedule: ${wallClockText(purchase.occurMs, clock)} in ${clock.timeZone}`;
  }
  return condition?.refusal(question.bindings()) ?? items;
}
