import { POINTS_MAX } from '@loyalty/rules/language.ts';
import { type Award, type Rule, type RuleSet, SET, type Usage } from './award.ts';
import { exact, isAbove, isZero, minus, ONE, ZERO } from './exact.ts';
import { amountLeft, type Left, type Purchase, type Return } from './purchase.ts';

/** Counts how often a random test met what it is there for. */
export class Tally {
  readonly #counts = new Map<string, number>();

  note(features: Readonly<Record<string, boolean>>): void {
    for (const [name, isMet] of Object.entries(features)) {
      this.#counts.set(name, this.count(name) + (isMet ? 1 : 0));
    }
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** The features that were looked for, but never met. */
  missed(): string[] {
    return [...this.#counts].filter(([, count]) => count === 0).map(([name]) => name);
  }
}

const LINE_KINDS = ['RULE', 'MAXIMUM', 'GROUP', 'CAP', 'SET_MAXIMUM', 'SET_CAP', 'ROUNDING'];
const ROUNDINGS = ['FLOOR', 'HALF_UP', 'HALF_EVEN', 'CEILING'];

export function tallyAward(
  tally: Tally,
  context: { readonly rules: RuleSet; readonly purchase: Purchase; readonly used: Usage },
  { points, lines, usage }: Award,
): void {
  const { rules, purchase, used } = context;
  const kinds = lines.map((line) => line.kind as string);
  tallyPurchase(tally, purchase);
  tally.note({
    purchase: true,
    'beyond the limit': points > POINTS_MAX,
    'a decimal': lines.some((line) => line.points.includes('.')),
    'a fraction': lines.some((line) => line.points.includes('/')),
    'the cap of the rule set counts': usage[SET] !== undefined,
    'the cap of the rule set is full': isFull(rules, used[SET]),
  });
  for (const kind of LINE_KINDS) tally.note({ [`line ${kind}`]: kinds.includes(kind) });
  for (const rounding of ROUNDINGS) {
    const isRounded = kinds.includes('ROUNDING');
    tally.note({ [`rounding ${rounding}`]: isRounded && rules.rounding === rounding });
  }
  rules.earnRules.forEach((rule, index) => {
    const { kind, points: text = '0' } = lines[index] ?? {};
    const gives = text !== '0';
    const award = awardOf(rule);
    tally.note({
      [`${award} gives way to another of its group`]: kind === 'GROUP',
      [`${award} is cut by its maximum`]: kind === 'MAXIMUM',
      [`${award} counts in its cap`]: usage[rule.ruleId] !== undefined,
      [`${award} has a full cap`]: isFull(rule, used[rule.ruleId]),
      [`${award} of ${matchOf(rule)} gives`]: gives,
      'a multiplier takes away': text.startsWith('-') && rule.multiplier !== undefined,
      'exclusions alone let a purchase without items pass':
        gives && matchOf(rule) === 'exclusions alone' && purchase.items.length === 0,
      'a minimum amount is reached': gives && rule.minimumAmount !== undefined,
      'a channel matches': gives && rule.match?.channels !== undefined,
    });
    if (rule.condition) tally.note({ [`holds: ${rule.condition}`]: gives });
  });
}

function isFull({ cap }: Rule | RuleSet, used = 0n): boolean {
  return cap !== undefined && used >= cap.points;
}

function awardOf({ rate, fixed, perItem }: Rule): string {
  if (rate) return `rate ${rate.mode}`;
  if (fixed) return 'fixed';
  return perItem ? 'per item' : 'multiplier';
}

function matchOf({ match = {} }: Rule): string {
  const { skus = [], categories = [], exclude = {} } = match;
  const hasLists = skus.length + categories.length > 0;
  const hasExclusions = (exclude.skus?.length ?? 0) + (exclude.categories?.length ?? 0) > 0;
  if (hasLists) return hasExclusions ? 'items and exclusions' : 'items';
  return hasExclusions ? 'exclusions alone' : 'everything';
}

function tallyPurchase(tally: Tally, { amount, items }: Purchase): void {
  const paid = amount.minorUnits;
  const sum = items.reduce((total, item) => total + item.amount.minorUnits, 0);
  tally.note({
    'items of less than the amount': sum > 0 && sum < paid,
    'items of the amount': sum > 0 && sum === paid,
    'items of more than the amount': paid > 0 && sum > paid,
    'items for 0.00': paid === 0 && sum > 0,
    'gifts alone': sum === 0 && items.length > 0,
    'a gift beside what was paid': paid > 0 && items.some((item) => item.amount.minorUnits === 0),
    'no items': items.length === 0,
    'several units of an item': items.some((item) => item.quantity > 1),
  });
  for (const code of ['JPY', 'USD', 'KWD']) tally.note({ [code]: amount.currencyCode === code });
}

export function tallyReturn(
  tally: Tally,
  { purchase, left, part }: { purchase: Purchase; left: Left; part: Return },
  next: Left | 'EXCEEDS',
): void {
  const exceeds = next === 'EXCEEDS';
  if (part.kind === 'ITEMS') {
    const isUnknown = part.items.some(({ itemId }) => itemId === 'unknown');
    tally.note({
      'an unknown item exceeds': exceeds && isUnknown,
      'units exceed': exceeds && !isUnknown,
      'units of several items': !exceeds && part.items.length > 1,
      'units after everything': !exceeds && left.isFullyReturned,
    });
  }
  if (part.kind === 'AMOUNT') {
    const before = amountLeft(left);
    const after = minus(before, exact(part.minorUnits));
    tally.note({
      'an amount exceeds': exceeds,
      '0 of nothing': part.minorUnits === 0 && isZero(before),
      '0 of a fraction': part.minorUnits === 0 && !isZero(before) && isAbove(ONE, before),
      'an amount rounded up': !exceeds && isAbove(ZERO, after),
      'a fraction that an amount leaves': isAbove(after, ZERO) && isAbove(ONE, after),
      'an amount of the rest': part.minorUnits > 0 && isAbove(left.rest, exact(part.minorUnits)),
    });
  }
  if (exceeds) return;
  const isLast = next.isFullyReturned && !left.isFullyReturned;
  const isPaid = purchase.amount.minorUnits > 0;
  const hasUnits = next.items.some(({ units }) => units > 0n);
  tally.note({
    [`everything by ${part.kind}`]: isLast && isPaid,
    'everything of 0.00 by ITEMS': isLast && !isPaid && part.kind === 'ITEMS',
    'everything of 0.00 by FULL': isLast && !isPaid && part.kind === 'FULL',
    'everything but units': isLast && hasUnits,
    'everything but money': !next.isFullyReturned && next.items.length > 0 && !hasUnits,
    'full after everything': part.kind === 'FULL' && left.isFullyReturned,
  });
}

export function tallyReevaluation(
  tally: Tally,
  { before, again, after }: { before: Award; again: Award; after: Award },
): void {
  const isLess = (one: Usage, other: Usage) =>
    Object.keys(other).some((id) => (one[id] ?? 0n) < (other[id] ?? 0n));
  const gaveWay = again.lines.filter(({ kind }) => kind === 'GROUP');
  tally.note({
    'worth less': again.points > 0n && again.points < before.points,
    'worth more': again.points > before.points,
    'a cap is freed': again.points > 0n && isLess(after.usage, before.usage),
    'a cap would count more': isLess(after.usage, again.usage),
    'a group chooses another': gaveWay.some(({ ruleId }) =>
      before.lines.some((line) => line.ruleId === ruleId && line.points !== '0'),
    ),
  });
}
