import { POINTS_MAX } from '@loyalty/rules/language.ts';
import { type Award, CONDITIONS, type Rule, type RuleSet, SET, type Usage } from './award.ts';
import { type Exact, exact, isAbove, isZero, minus, ONE, ZERO } from './exact.ts';
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
const AWARDS = ['rate STEP', 'rate PROPORTIONAL', 'fixed', 'per item', 'multiplier'] as const;
const MATCHES = ['everything', 'items', 'items and exclusions', 'exclusions alone'] as const;
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
    for (const award of AWARDS) {
      const isOne = awardOf(rule) === award;
      tally.note({
        [`${award} gives way to another of its group`]: isOne && kind === 'GROUP',
        [`${award} is cut by its maximum`]: isOne && kind === 'MAXIMUM',
        [`${award} counts in its cap`]: isOne && usage[rule.ruleId] !== undefined,
        [`${award} has a full cap`]: isOne && isFull(rule, used[rule.ruleId]),
      });
      for (const match of MATCHES) {
        tally.note({ [`${award} of ${match} gives`]: isOne && gives && matchOf(rule) === match });
      }
    }
    for (const condition of Object.keys(CONDITIONS)) {
      tally.note({ [`holds: ${condition}`]: gives && rule.condition === condition });
    }
    tally.note({
      'a multiplier takes away': text.startsWith('-'),
      'exclusions alone let a purchase without items pass':
        gives && matchOf(rule) === 'exclusions alone' && purchase.items.length === 0,
      'a minimum amount is reached': gives && rule.minimumAmount !== undefined,
      'a channel matches': gives && rule.match?.channels !== undefined,
    });
  });
}

function isFull({ cap }: Rule | RuleSet, used = 0n): boolean {
  return cap !== undefined && used >= cap.points;
}

function awardOf({ rate, fixed, perItem }: Rule): (typeof AWARDS)[number] {
  if (rate) return `rate ${rate.mode}`;
  if (fixed) return 'fixed';
  return perItem ? 'per item' : 'multiplier';
}

function matchOf({ match = {} }: Rule): (typeof MATCHES)[number] {
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
  const isUnknown = part.kind === 'ITEMS' && part.items.some(({ itemId }) => itemId === 'unknown');
  const before = amountLeft(left);
  const asked = part.kind === 'AMOUNT' ? exact(part.minorUnits) : undefined;
  const exceeds = next === 'EXCEEDS';
  tally.note({
    'an unknown item exceeds': exceeds && isUnknown,
    'units exceed': exceeds && part.kind === 'ITEMS' && !isUnknown,
    'an amount exceeds': exceeds && asked !== undefined,
  });
  if (exceeds) return;
  const isFraction = (value: Exact) => isAbove(value, ZERO) && isAbove(ONE, value);
  tally.note({
    'units of several items': part.kind === 'ITEMS' && part.items.length > 1,
    'units after everything': part.kind === 'ITEMS' && left.isFullyReturned,
    'full after everything': part.kind === 'FULL' && left.isFullyReturned,
    '0 of nothing': asked !== undefined && isZero(asked) && isZero(before),
    '0 of a fraction': asked !== undefined && isZero(asked) && isFraction(before),
    'an amount rounded up': asked !== undefined && isAbove(asked, before),
    'an amount that leaves a fraction':
      asked !== undefined && !isZero(asked) && isFraction(minus(before, asked)),
    'an amount of the rest': asked !== undefined && !isZero(asked) && isAbove(left.rest, asked),
  });

  const isLast = next.isFullyReturned && !left.isFullyReturned;
  const isPaid = purchase.amount.minorUnits > 0;
  const hasUnits = next.items.some(({ units }) => units > 0n);
  tally.note({
    'everything by FULL': isLast && isPaid && part.kind === 'FULL',
    'everything by AMOUNT': isLast && isPaid && part.kind === 'AMOUNT',
    'everything by ITEMS': isLast && isPaid && part.kind === 'ITEMS',
    'everything of 0.00 by FULL': isLast && !isPaid && part.kind === 'FULL',
    'everything of 0.00 by ITEMS': isLast && !isPaid && part.kind === 'ITEMS',
    'everything but units': isLast && hasUnits,
    'everything but money': !next.isFullyReturned && next.items.length > 0 && !hasUnits,
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
