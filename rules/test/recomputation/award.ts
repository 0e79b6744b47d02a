import {
  atMost,
  down,
  type Exact,
  exact,
  isAbove,
  isZero,
  minus,
  ONE,
  over,
  plus,
  type Rounding,
  round,
  sum,
  text,
  times,
  up,
  ZERO,
} from './exact.ts';
import {
  amountLeft,
  type ItemLeft,
  type Left,
  type Money,
  moneyOf,
  type Purchase,
  type Seen,
  seen,
  wholePurchase,
} from './purchase.ts';

/** A rule set as the API's JSON has it. Schedules are left out. */
export interface RuleSet {
  readonly rounding: Rounding;
  readonly earnRules: readonly Rule[];
  readonly maximumPoints?: number;
  readonly cap?: Cap;
}

export interface Rule {
  readonly ruleId: string;
  readonly displayName: string;
  readonly rate?: {
    readonly points: number;
    readonly per: Money;
    readonly mode: 'STEP' | 'PROPORTIONAL';
  };
  readonly fixed?: { readonly points: number };
  readonly perItem?: { readonly points: number };
  readonly multiplier?: { readonly factor: string };
  readonly match?: Lists & { readonly channels?: readonly string[]; readonly exclude?: Lists };
  readonly condition?: keyof typeof CONDITIONS;
  readonly minimumAmount?: Money;
  readonly maximumPoints?: number;
  readonly cap?: Cap;
  readonly exclusiveGroup?: string;
}

interface Lists {
  readonly skus?: readonly string[];
  readonly categories?: readonly string[];
}

export interface Cap {
  readonly points: number;
  readonly period: 'DAY' | 'WEEK' | 'MONTH' | 'LIFETIME';
}

/** CEL conditions, and what each of them asks. */
export const CONDITIONS = {
  'transaction.amount.minor_units >= 4000': ({ amount }: Seen) => amount >= 4000n,
  'transaction.items.exists(i, i.amount.minor_units >= 700)': ({ items }: Seen) =>
    items.some(({ amount }) => amount >= 700n),
  // Changes with almost every amount. Both fail without items, which counts as false.
  'transaction.items[0].amount.minor_units % 7 < 3': ({ items: [first] }: Seen) =>
    first !== undefined && first.amount % 7n < 3n,
  "transaction.items[0].sku == 'cab'": ({ items: [first] }: Seen) => first?.sku === 'cab',
  'transaction.items.exists(i, i.quantity >= 2)': ({ items }: Seen) =>
    items.some(({ quantity }) => quantity >= 2n),
} as const;

export interface Award {
  readonly points: bigint;
  readonly lines: readonly Line[];
  readonly usage: Usage;
}

export interface Line {
  readonly ruleId: string;
  readonly displayName: string;
  readonly kind: 'RULE' | 'MAXIMUM' | 'GROUP' | 'CAP' | 'SET_MAXIMUM' | 'SET_CAP' | 'ROUNDING';
  /** As text such as "-12.5" or "3 1/3". */
  readonly points: string;
}

/** What caps count, by rule id; caps that count nothing are absent. The rule set's own stands under SET. */
export type Usage = Readonly<Record<string, bigint>>;
export const SET = '';

/** A rule that takes part. A multiplier's `gross` is what it adds to each point, before its limits. */
interface Applied {
  readonly rule: Rule;
  readonly gross: Exact;
}

/** What a rule set gives for a purchase, or for what is left of it, to a member whose caps have counted `used` before. */
export function recompute(
  rules: RuleSet,
  purchase: Purchase,
  used: Usage,
  left: Left = wholePurchase(purchase),
): Award {
  if (left.isFullyReturned) return { points: 0n, lines: [], usage: {} };
  const room = ({ cap }: Rule | RuleSet, id: string) =>
    cap &&
    exact(BigInt(cap.points) > (used[id] ?? 0n) ? BigInt(cap.points) - (used[id] ?? 0n) : 0n);
  const limited = (rule: Rule, value: Exact) =>
    atMost(value, maximumOf(rule), room(rule, rule.ruleId));
  const applied = rules.earnRules.flatMap((rule): Applied[] => {
    const counted = whatCounts(rule, purchase, left);
    return counted === undefined ? [] : [{ rule, gross: gross(rule, counted) }];
  });

  const awards = bestOfGroups(
    applied.filter(({ rule }) => rule.multiplier === undefined),
    (award) => limited(award.rule, award.gross),
  ).map((award) => ({ ...award, given: atMost(award.gross, maximumOf(award.rule)) }));
  const base = sum(awards.map(({ given }) => given));

  let total = base;
  const bonuses = bestOfGroups(
    applied.filter(({ rule }) => rule.multiplier !== undefined),
    (multiplier) => limited(multiplier.rule, times(base, multiplier.gross)),
  ).map((multiplier) => {
    const bonus = times(total, multiplier.gross);
    const given = limited(multiplier.rule, bonus);
    total = plus(total, given);
    return { rule: multiplier.rule, gross: bonus, given };
  });

  const capped = awards.map(({ rule, given }) => {
    const multiplied = isZero(base) ? ZERO : times(given, over(total, base));
    return { rule, multiplied, counted: atMost(multiplied, room(rule, rule.ruleId)) };
  });
  const given = sum(capped.map(({ counted }) => counted));
  const withinMaximum = atMost(given, maximumOf(rules));
  const withinCap = atMost(withinMaximum, room(rules, SET));
  const points = round(withinCap, rules.rounding);

  const limits = [
    ...capped.map((award) => line('CAP', minus(award.counted, award.multiplied), award.rule)),
    line('SET_MAXIMUM', minus(withinMaximum, given)),
    line('SET_CAP', minus(withinCap, withinMaximum)),
    line('ROUNDING', minus(exact(points), withinCap)),
  ];
  const usage = [...capped, ...bonuses.map(({ rule, given }) => ({ rule, counted: given }))]
    .filter(({ rule }) => rule.cap !== undefined)
    .map(({ rule, counted }): [string, bigint] => [rule.ruleId, up(counted)]);
  if (rules.cap !== undefined) usage.push([SET, points]);
  return {
    points,
    lines: [
      ...rules.earnRules.map((rule) => ruleLine(rule, applied, [...awards, ...bonuses])),
      ...limits.filter((limit) => limit.points !== '0'),
    ],
    usage: Object.fromEntries(usage.filter(([, counted]) => counted > 0n)),
  };
}

/** What an earn keeps of its points, and of what its caps counted, once a return has it evaluated again. */
export function afterReevaluation(before: Pick<Award, 'points' | 'usage'>, again: Award) {
  const least = (a: bigint, b: bigint) => (a < b ? a : b);
  const usage = Object.entries(before.usage)
    .map(([id, counted]): [string, bigint] => [id, least(counted, again.usage[id] ?? 0n)])
    .filter(([, counted]) => counted > 0n);
  return { points: least(before.points, again.points), usage: Object.fromEntries(usage) };
}

/** The money and the units that a rule counts, or undefined where the rule doesn't apply. */
function whatCounts(rule: Rule, purchase: Purchase, left: Left) {
  const { skus = [], categories = [], channels = [], exclude = {} } = rule.match ?? {};
  const { skus: noSkus = [], categories: noCategories = [] } = exclude;
  const hasLists = skus.length + categories.length > 0;
  const hasExclusions = noSkus.length + noCategories.length > 0;
  const isExcluded = ({ item }: ItemLeft) =>
    noSkus.includes(item.sku) || item.categories.some((one) => noCategories.includes(one));
  const isListed = ({ item }: ItemLeft) =>
    (skus.length === 0 || skus.includes(item.sku)) &&
    (categories.length === 0 || item.categories.some((one) => categories.includes(one)));
  const matching = left.items.filter((one) => one.units > 0n && isListed(one) && !isExcluded(one));
  const amount = amountLeft(left);
  const hasMatch =
    matching.length > 0 ||
    (!hasLists && (!hasExclusions || rule.rate !== undefined || purchase.items.length === 0));
  const isInCurrency = [rule.rate?.per, rule.minimumAmount].every(
    (money) => money === undefined || money.currencyCode === purchase.amount.currencyCode,
  );
  const applies =
    hasMatch &&
    isInCurrency &&
    (channels.length === 0 || channels.includes(purchase.channel)) &&
    !isAbove(exact(rule.minimumAmount?.minorUnits ?? 0), amount) &&
    (rule.condition === undefined || CONDITIONS[rule.condition](seen(purchase, left)));
  if (!applies) return undefined;
  return {
    money: hasLists ? moneyOf(matching) : minus(amount, moneyOf(left.items.filter(isExcluded))),
    units: matching.reduce((units, one) => units + one.units, 0n),
  };
}

function gross(rule: Rule, counted: { readonly money: Exact; readonly units: bigint }): Exact {
  if (rule.fixed) return exact(rule.fixed.points);
  if (rule.perItem) return exact(BigInt(rule.perItem.points) * counted.units);
  if (rule.rate) {
    const steps = over(counted.money, exact(rule.rate.per.minorUnits));
    return times(exact(rule.rate.points), rule.rate.mode === 'STEP' ? exact(down(steps)) : steps);
  }
  const [whole = '', decimals = ''] = (rule.multiplier?.factor ?? '').split('.');
  return minus(exact(BigInt(whole + decimals), 10n ** BigInt(decimals.length)), ONE);
}

/** What is in no group, and of each group what is worth the most, the first of equals. */
function bestOfGroups(all: readonly Applied[], worth: (one: Applied) => Exact): readonly Applied[] {
  return all.filter((one, index) => {
    const beats = (other: Applied, at: number) =>
      at < index ? isAbove(worth(one), worth(other)) : !isAbove(worth(other), worth(one));
    const group = one.rule.exclusiveGroup ?? '';
    return (
      group === '' ||
      all.every((other, at) => other.rule.exclusiveGroup !== group || beats(other, at))
    );
  });
}

function ruleLine(
  rule: Rule,
  applied: readonly Applied[],
  chosen: readonly { readonly rule: Rule; readonly gross: Exact; readonly given: Exact }[],
): Line {
  const one = chosen.find((other) => other.rule === rule);
  if (one === undefined) {
    return line(applied.some((other) => other.rule === rule) ? 'GROUP' : 'RULE', ZERO, rule);
  }
  const isCut = isAbove(one.gross, maximumOf(rule) ?? one.gross);
  return line(isCut ? 'MAXIMUM' : 'RULE', one.given, rule);
}

function line(kind: Line['kind'], points: Exact, rule?: Rule): Line {
  const { ruleId = SET, displayName = '' } = rule ?? {};
  return { ruleId, displayName, kind, points: text(points) };
}

function maximumOf({ maximumPoints }: Rule | RuleSet): Exact | undefined {
  return maximumPoints === undefined ? undefined : exact(maximumPoints);
}
