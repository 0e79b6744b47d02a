import type { CompiledRule } from './compile-rule-set.ts';
import type { ConditionBindings } from './condition/condition.ts';
import type { CountedPurchase } from './counted-purchase.ts';
import { moneyText } from './decimal.ts';
import { compare } from './fraction.ts';
import { channelMatches, type Matching, matchingOf } from './match.ts';
import { inSchedule, wallClockText } from './schedule.ts';
import type { ZoneClock } from './zone-clock.ts';

/** What a rule is evaluated on. */
export interface RuleContext {
  readonly purchase: CountedPurchase;
  readonly clock: ZoneClock;
  /** Made when the first condition asks for them. */
  readonly bindings: () => ConditionBindings;
}

/** Asks a rule's filters, the cheap ones first: what the rule counts, or why it doesn't apply. */
export function filterRule(rule: CompiledRule, context: RuleContext): Matching | string {
  const { purchase, clock } = context;
  const { award, match, minimum, schedule, condition } = rule;
  if (award.kind === 'RATE' && award.currencyCode !== purchase.currencyCode) {
    return `counts ${award.currencyCode}, the transaction is in ${purchase.currencyCode}`;
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
  const matching = matchingOf(match, purchase);
  if (matching.items.length === 0 && needsItem(rule, purchase)) {
    if (!purchase.listsItems) return 'the transaction has no items';
    return match.namesItems ? 'no item matches' : 'no item is left that counts';
  }
  if (schedule !== undefined && !inSchedule(schedule, purchase.occurMs, clock)) {
    return `outside its schedule: ${wallClockText(purchase.occurMs, clock)} in ${clock.timeZone}`;
  }
  return condition?.refusal(context.bindings()) ?? matching;
}

/**
 * Whether the rule applies only where an item matches. With exclusions alone, a rate also counts what belongs to no item,
 * and anything else also applies to a purchase that was sent without items.
 */
function needsItem({ award, match }: CompiledRule, { listsItems }: CountedPurchase): boolean {
  if (match.namesItems) return true;
  return match.excludesItems && award.kind !== 'RATE' && listsItems;
}
