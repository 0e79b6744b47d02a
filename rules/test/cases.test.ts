import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import type { EvaluationInput } from '@loyalty/rules/evaluate.ts';
import { validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import { evaluateFor, MEMBER, ruleSet, transaction } from './example.ts';

/** Rules and a purchase, and what becomes of them. A line of `because` is "rule points: note". */
interface Case {
  readonly when: string;
  readonly rules: readonly JsonObject[];
  readonly set?: JsonObject;
  /** Noon of Saturday 2026-03-21 in New York, 250.00 USD, no items, unless told otherwise. */
  readonly buys?: JsonObject;
  readonly member?: Partial<EvaluationInput['member']>;
  readonly now?: string;
  /** Points that each capped rule has given before. */
  readonly used?: bigint;
  readonly points: bigint;
  readonly because: readonly string[];
}

const money = (currencyCode: string, minorUnits: number): JsonObject => ({
  currencyCode,
  minorUnits: String(minorUnits),
});
const usd = (dollars: number) => money('USD', Math.round(dollars * 100));
const paid = (dollars: number): JsonObject => ({ amount: usd(dollars) });
const at = (occurTime: string): JsonObject => ({ occurTime });
const rate = (points: number, per: JsonObject, rest: JsonObject = {}): JsonObject => ({
  ruleId: 'rate',
  rate: { points: String(points), per },
  ...rest,
});
const exactly = (points: number, per: JsonObject, rest: JsonObject = {}): JsonObject => ({
  ruleId: 'rate',
  rate: { points: String(points), per, mode: 'PROPORTIONAL' },
  ...rest,
});
const fixed = (points: number, rest: JsonObject = {}): JsonObject => ({
  ruleId: 'fixed',
  fixed: { points: String(points) },
  ...rest,
});
const perItem = (points: number, rest: JsonObject = {}): JsonObject => ({
  ruleId: 'units',
  perItem: { points: String(points) },
  ...rest,
});
const times = (factor: string, rest: JsonObject = {}): JsonObject => ({
  ruleId: 'times',
  multiplier: { factor },
  ...rest,
});
const item = (sku: string, category: string, quantity: number, dollars: number): JsonValue => ({
  itemId: sku,
  sku,
  categories: [category],
  quantity,
  amount: usd(dollars),
});
const WINE_AND_CHEESE: JsonObject = {
  amount: usd(130),
  items: [item('cab', 'wine', 2, 80), item('brie', 'cheese', 3, 45)],
};
const NEW_YORK = { timeZone: 'America/New_York' };
const PARIS = { timeZone: 'Europe/Paris' };

const RATES: Case[] = [
  {
    when: '5 per 100.00 in steps, 250.00 paid',
    rules: [rate(5, usd(100))],
    points: 10n,
    because: ['rate 10: 2 × 100.00 USD'],
  },
  {
    when: '5 per 100.00 in steps, 99.99 paid',
    rules: [rate(5, usd(100))],
    buys: paid(99.99),
    points: 0n,
    because: ['rate no: 99.99 USD is less than 100.00 USD'],
  },
  {
    when: '5 per 100.00 in steps, 199.99 paid',
    rules: [rate(5, usd(100))],
    buys: paid(199.99),
    points: 5n,
    because: ['rate 5: 1 × 100.00 USD'],
  },
  {
    when: '5 per 100.00 in steps, exactly 100.00 paid',
    rules: [rate(5, usd(100))],
    buys: paid(100),
    points: 5n,
    because: ['rate 5: 1 × 100.00 USD'],
  },
  {
    when: '5 per 100.00 in proportion, 250.00 paid',
    rules: [exactly(5, usd(100))],
    points: 12n,
    because: ['rate 12.5: 2.5 × 100.00 USD'],
  },
  {
    when: '1 per 100.00 in steps, 250.00 paid',
    rules: [rate(1, usd(100))],
    points: 2n,
    because: ['rate 2: 2 × 100.00 USD'],
  },
  {
    when: 'one point for each cent',
    rules: [rate(1, usd(0.01))],
    points: 25_000n,
    because: ['rate 25000: 25000 × 0.01 USD'],
  },
  {
    when: 'a proportion that no decimal is exact for',
    rules: [exactly(1, usd(3))],
    buys: paid(10),
    points: 3n,
    because: ['rate 10/3: 10/3 × 3.00 USD'],
  },
  {
    when: 'nothing was paid',
    rules: [exactly(5, usd(100))],
    buys: paid(0),
    points: 0n,
    because: ['rate no: 0.00 USD counted'],
  },
  {
    when: 'another currency was paid with',
    rules: [rate(5, usd(100))],
    buys: { amount: money('EUR', 25_000) },
    points: 0n,
    because: ['rate no: counts USD, the transaction is in EUR'],
  },
  {
    when: 'each currency has its own rule',
    rules: [rate(5, usd(100)), rate(6, money('EUR', 10_000), { ruleId: 'euro' })],
    buys: { amount: money('EUR', 25_000) },
    points: 12n,
    because: ['rate no: counts USD, the transaction is in EUR', 'euro 12: 2 × 100.00 EUR'],
  },
  {
    when: 'a currency without a minor unit',
    rules: [rate(1, money('JPY', 100))],
    buys: { amount: money('JPY', 1_250) },
    points: 12n,
    because: ['rate 12: 12 × 100 JPY'],
  },
  {
    when: 'a currency with three decimals',
    rules: [rate(1, money('KWD', 1_500))],
    buys: { amount: money('KWD', 4_500) },
    points: 3n,
    because: ['rate 3: 3 × 1.500 KWD'],
  },
  {
    when: 'two proportions lose nothing before they are summed',
    rules: [exactly(1, usd(20)), exactly(1, usd(20), { ruleId: 'again' })],
    buys: paid(10),
    points: 1n,
    because: ['rate 0.5: 0.5 × 20.00 USD', 'again 0.5: 0.5 × 20.00 USD'],
  },
  {
    when: 'the largest amount there is',
    rules: [rate(1, usd(0.01))],
    buys: { amount: money('USD', Number.MAX_SAFE_INTEGER) },
    points: 9_007_199_254_740_991n,
    because: ['rate 9007199254740991: 9007199254740991 × 0.01 USD'],
  },
];

const ROUNDED = [
  ['FLOOR', 2.5, 12n],
  ['FLOOR', 2.59, 12n],
  ['CEILING', 2.41, 13n],
  ['CEILING', 2.4, 12n],
  ['HALF_UP', 2.5, 13n],
  ['HALF_UP', 2.49, 12n],
  ['HALF_EVEN', 2.5, 12n],
  ['HALF_EVEN', 2.7, 14n],
  ['HALF_EVEN', 2.51, 13n],
] as const;

const ROUNDINGS: Case[] = ROUNDED.map(([rounding, steps, points]) => ({
  when: `${rounding} of ${(steps * 5).toFixed(2).replace(/\.?0+$/, '')}`,
  rules: [exactly(5, usd(100))],
  set: { rounding },
  buys: paid(steps * 100),
  points,
  because: [`rate ${(steps * 5).toFixed(2).replace(/\.?0+$/, '')}: ${steps} × 100.00 USD`],
}));

const AWARDS: Case[] = [
  {
    when: 'a number of points for each transaction',
    rules: [fixed(50)],
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a fixed number for a free transaction',
    rules: [fixed(50)],
    buys: paid(0),
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'points for each unit bought',
    rules: [perItem(3)],
    buys: WINE_AND_CHEESE,
    points: 15n,
    because: ['units 15: 5 × 3 for each unit'],
  },
  {
    when: 'points for each unit of a category',
    rules: [perItem(3, { match: { categories: ['wine'] } })],
    buys: WINE_AND_CHEESE,
    points: 6n,
    because: ['units 6: 2 × 3 for each unit'],
  },
  {
    when: 'points for each unit, but no items are told',
    rules: [perItem(3)],
    points: 0n,
    because: ['units no: the transaction has no items'],
  },
  {
    when: 'all rules that apply add up',
    rules: [rate(5, usd(100)), fixed(50), perItem(3)],
    buys: WINE_AND_CHEESE,
    points: 70n,
    because: [
      'rate 5: 1 × 100.00 USD',
      'fixed 50: once per transaction',
      'units 15: 5 × 3 for each unit',
    ],
  },
  { when: 'there are no rules', rules: [], points: 0n, because: [] },
];

const FILTERS: Case[] = [
  {
    when: 'a rate counts matching items only',
    rules: [rate(1, usd(10), { match: { categories: ['wine'] } })],
    buys: WINE_AND_CHEESE,
    points: 8n,
    because: ['rate 8: 8 × 10.00 USD'],
  },
  {
    when: 'a rate without a match counts the amount, shipping included',
    rules: [rate(1, usd(10))],
    buys: WINE_AND_CHEESE,
    points: 13n,
    because: ['rate 13: 13 × 10.00 USD'],
  },
  {
    when: 'a rate counts one SKU',
    rules: [rate(1, usd(10), { match: { skus: ['brie', 'gouda'] } })],
    buys: WINE_AND_CHEESE,
    points: 4n,
    because: ['rate 4: 4 × 10.00 USD'],
  },
  {
    when: 'SKU and category must both match, in one item',
    rules: [fixed(50, { match: { skus: ['brie'], categories: ['wine'] } })],
    buys: WINE_AND_CHEESE,
    points: 0n,
    because: ['fixed no: no item matches'],
  },
  {
    when: 'any matching item lets a fixed award apply, once',
    rules: [fixed(50, { match: { categories: ['cheese'] } })],
    buys: WINE_AND_CHEESE,
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'items are asked for and none are told',
    rules: [rate(1, usd(10), { match: { categories: ['wine'] } })],
    points: 0n,
    because: ['rate no: the transaction has no items'],
  },
  {
    when: 'the channel matches',
    rules: [fixed(50, { match: { channels: ['web', 'app'] } })],
    buys: { channel: 'app' },
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: "the channel doesn't match",
    rules: [fixed(50, { match: { channels: ['web'] } })],
    buys: { channel: 'store' },
    points: 0n,
    because: ["fixed no: channel store doesn't match"],
  },
  {
    when: 'a channel is asked for and none is told',
    rules: [fixed(50, { match: { channels: ['web'] } })],
    points: 0n,
    because: ['fixed no: asks for a channel, the transaction has none'],
  },
  {
    when: 'a rate with a channel only counts the whole amount',
    rules: [rate(1, usd(10), { match: { channels: ['web'] } })],
    buys: { ...WINE_AND_CHEESE, channel: 'web' },
    points: 13n,
    because: ['rate 13: 13 × 10.00 USD'],
  },
  {
    when: 'the minimum is just reached',
    rules: [fixed(50, { minimumAmount: usd(250) })],
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'the minimum is just missed',
    rules: [fixed(50, { minimumAmount: usd(250.01) })],
    points: 0n,
    because: ['fixed no: 250.00 USD is less than the minimum of 250.01 USD'],
  },
  {
    when: 'the minimum is of another currency',
    rules: [fixed(50, { minimumAmount: money('EUR', 100) })],
    points: 0n,
    because: ['fixed no: asks for at least 1.00 EUR, the transaction is in USD'],
  },
];

const CONDITIONS: Case[] = [
  {
    when: 'a condition on the transaction holds',
    rules: [fixed(50, { condition: "transaction.attributes['store'] == 'paris'" })],
    buys: { attributes: { store: 'paris' } },
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: "a condition doesn't hold",
    rules: [fixed(50, { condition: 'transaction.amount.minor_units >= 100000' })],
    points: 0n,
    because: ['fixed no: condition is false'],
  },
  {
    when: 'a condition asks for a key that is missing',
    rules: [fixed(50, { condition: "transaction.attributes['store'] == 'paris'" })],
    points: 0n,
    because: ['fixed no: condition failed: field not found: store'],
  },
  {
    when: 'a condition asks whether the key is there first',
    rules: [
      fixed(50, {
        condition: "'store' in transaction.attributes && transaction.attributes.store == 'paris'",
      }),
    ],
    points: 0n,
    because: ['fixed no: condition is false'],
  },
  {
    when: 'a condition divides by zero',
    rules: [fixed(50, { condition: '1 / (transaction.amount.minor_units - 25000) > 0' })],
    points: 0n,
    because: ['fixed no: condition failed: int divide by zero'],
  },
  {
    when: 'a condition on items',
    rules: [
      fixed(50, {
        condition: "transaction.items.exists(i, 'wine' in i.categories && i.quantity >= 2)",
      }),
    ],
    buys: WINE_AND_CHEESE,
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a condition on what the member has earned so far',
    rules: [fixed(50, { condition: 'member.lifetime_earned >= 1000' })],
    member: { lifetimeEarned: 1000n },
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: "a condition on the member's attributes",
    rules: [fixed(50, { condition: "member.attributes['tier'] in ['gold', 'silver']" })],
    member: { attributes: { tier: 'gold' } },
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a welcome bonus within 30 days of joining',
    rules: [
      fixed(50, { condition: "transaction.occur_time - member.join_time < duration('720h')" }),
    ],
    member: { joinTime: new Date('2026-03-01T00:00:00Z') },
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a condition on the evaluation instant',
    rules: [fixed(50, { condition: "now < timestamp('2026-04-01T00:00:00Z')" })],
    now: '2026-04-01T00:00:00Z',
    points: 0n,
    because: ['fixed no: condition is false'],
  },
];

const SCHEDULES: Case[] = [
  {
    when: 'twice the points on Saturday in New York: Sunday 03:30 UTC counts',
    set: NEW_YORK,
    rules: [rate(5, usd(100)), times('2', { schedule: { daysOfWeek: ['SATURDAY'] } })],
    buys: at('2026-03-22T03:30:00Z'),
    points: 20n,
    because: ['rate 10: 2 × 100.00 USD', 'times 10: × 2 on 10'],
  },
  {
    when: "twice the points on Saturday in New York: Saturday 03:30 UTC doesn't count",
    set: NEW_YORK,
    rules: [rate(5, usd(100)), times('2', { schedule: { daysOfWeek: ['SATURDAY'] } })],
    buys: at('2026-03-21T03:30:00Z'),
    points: 10n,
    because: [
      'rate 10: 2 × 100.00 USD',
      'times no: outside its schedule: Friday 2026-03-20 23:30 in America/New_York',
    ],
  },
  {
    when: 'a happy hour begins',
    set: PARIS,
    rules: [fixed(50, { schedule: { startTimeOfDay: '18:00', endTimeOfDay: '20:00' } })],
    buys: at('2026-01-15T17:00:00Z'),
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a happy hour is just over',
    set: PARIS,
    rules: [fixed(50, { schedule: { startTimeOfDay: '18:00', endTimeOfDay: '20:00' } })],
    buys: at('2026-01-15T19:00:00Z'),
    points: 0n,
    because: ['fixed no: outside its schedule: Thursday 2026-01-15 20:00 in Europe/Paris'],
  },
  {
    when: 'Friday night from 22:00 to 02:00 includes Saturday 01:59',
    set: PARIS,
    rules: [
      fixed(50, {
        schedule: { daysOfWeek: ['FRIDAY'], startTimeOfDay: '22:00', endTimeOfDay: '02:00' },
      }),
    ],
    buys: at('2026-01-17T00:59:00Z'),
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'Friday night from 22:00 to 02:00 is not Friday 01:00',
    set: PARIS,
    rules: [
      fixed(50, {
        schedule: { daysOfWeek: ['FRIDAY'], startTimeOfDay: '22:00', endTimeOfDay: '02:00' },
      }),
    ],
    buys: at('2026-01-16T00:00:00Z'),
    points: 0n,
    because: ['fixed no: outside its schedule: Friday 2026-01-16 01:00 in Europe/Paris'],
  },
  {
    when: 'a campaign begins on its first instant',
    rules: [fixed(50, { schedule: { startTime: '2026-03-21T16:00:00Z' } })],
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a campaign is over on its last instant',
    rules: [fixed(50, { schedule: { endTime: '2026-03-21T16:00:00Z' } })],
    points: 0n,
    because: ['fixed no: outside its schedule: Saturday 2026-03-21 16:00 in UTC'],
  },
];

const LAST_INSTANT = at('2026-03-21T23:59:59.999999999Z');

const LAST_INSTANTS: Case[] = [
  {
    when: 'a campaign lasts until just before its end',
    rules: [fixed(50, { schedule: { endTime: '2026-03-22T00:00:00Z' } })],
    buys: LAST_INSTANT,
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a day lasts until just before the next',
    rules: [fixed(50, { schedule: { daysOfWeek: ['SATURDAY'] } })],
    buys: LAST_INSTANT,
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a day asked for in a condition lasts until just before the next',
    rules: [fixed(50, { condition: 'transaction.occur_time.getDayOfWeek() == 6' })],
    buys: LAST_INSTANT,
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
];

const LIMITS: Case[] = [
  {
    when: 'a rule has a maximum per transaction',
    rules: [rate(5, usd(1), { maximumPoints: '500' })],
    points: 500n,
    because: ['rate 500: 250 × 1.00 USD = 1250, limited to its maximum of 500'],
  },
  {
    when: 'a cap has room',
    rules: [rate(5, usd(100), { cap: { points: '100', period: 'DAY' } })],
    used: 90n,
    points: 10n,
    because: ['rate 10: 2 × 100.00 USD'],
  },
  {
    when: 'a cap has a little room',
    rules: [rate(5, usd(100), { cap: { points: '100', period: 'WEEK' } })],
    used: 97n,
    points: 3n,
    because: ['rate 3: 2 × 100.00 USD, limited to 3 by its cap of 100 per week'],
  },
  {
    when: 'a cap is used up',
    rules: [rate(5, usd(100), { cap: { points: '100', period: 'MONTH' } })],
    used: 100n,
    points: 0n,
    because: ['rate no: 2 × 100.00 USD, but its cap of 100 per month is used up'],
  },
  {
    when: 'a cap was lowered below what is used',
    rules: [rate(5, usd(100), { cap: { points: '50', period: 'LIFETIME' } })],
    used: 100n,
    points: 0n,
    because: ['rate no: 2 × 100.00 USD, but its cap of 50 for life is used up'],
  },
  {
    when: 'only the capped rule is limited',
    rules: [rate(5, usd(100), { cap: { points: '4', period: 'DAY' } }), fixed(50)],
    points: 54n,
    because: [
      'rate 4: 2 × 100.00 USD, limited to 4 by its cap of 4 per day',
      'fixed 50: once per transaction',
    ],
  },
  {
    when: 'of a group the best counts',
    rules: [
      fixed(50, { exclusiveGroup: 'promo' }),
      rate(60, usd(100), { exclusiveGroup: 'promo' }),
      perItem(1),
    ],
    buys: { ...WINE_AND_CHEESE },
    points: 65n,
    because: [
      'fixed no: would give 50, but of group promo only rate counts, which gives 60',
      'rate 60: 1 × 100.00 USD',
      'units 5: 5 × 1 for each unit',
    ],
  },
  {
    when: 'of equals in a group the first counts',
    rules: [
      fixed(50, { exclusiveGroup: 'promo' }),
      fixed(50, { ruleId: 'other', exclusiveGroup: 'promo' }),
    ],
    points: 50n,
    because: [
      'fixed 50: once per transaction',
      'other no: would give 50, but of group promo only fixed counts, which gives 50',
    ],
  },
  {
    when: "a group's best is told after its maximum",
    rules: [
      rate(5, usd(1), { exclusiveGroup: 'promo', maximumPoints: '40' }),
      fixed(50, { exclusiveGroup: 'promo' }),
    ],
    points: 50n,
    because: [
      'rate no: would give 40, but of group promo only fixed counts, which gives 50',
      'fixed 50: once per transaction',
    ],
  },
  {
    when: "what doesn't apply doesn't compete",
    rules: [
      fixed(50, { exclusiveGroup: 'promo' }),
      fixed(90, {
        ruleId: 'web',
        exclusiveGroup: 'promo',
        match: { channels: ['web'] },
      }),
    ],
    buys: { channel: 'store' },
    points: 50n,
    because: ['fixed 50: once per transaction', "web no: channel store doesn't match"],
  },
];

const MULTIPLIERS: Case[] = [
  {
    when: 'one and a half times the points',
    rules: [rate(5, usd(100)), times('1.5')],
    points: 15n,
    because: ['rate 10: 2 × 100.00 USD', 'times 5: × 1.5 on 10'],
  },
  {
    when: 'several multiply',
    rules: [fixed(10), times('2'), times('1.5', { ruleId: 'more' })],
    points: 30n,
    because: ['fixed 10: once per transaction', 'times 10: × 2 on 10', 'more 10: × 1.5 on 20'],
  },
  {
    when: 'a multiplier comes before the awards',
    rules: [times('2'), fixed(10)],
    points: 20n,
    because: ['times 10: × 2 on 10', 'fixed 10: once per transaction'],
  },
  {
    when: 'the bonus of a multiplier has a maximum',
    rules: [fixed(10), times('3', { maximumPoints: '5' })],
    points: 15n,
    because: [
      'fixed 10: once per transaction',
      'times 5: × 3 on 10, its bonus limited to its maximum of 5',
    ],
  },
  {
    when: 'a multiplier below 1 takes away',
    rules: [fixed(10), times('0.5')],
    points: 5n,
    because: ['fixed 10: once per transaction', 'times -5: × 0.5 on 10'],
  },
  {
    when: 'a multiplier of 0 takes everything',
    rules: [fixed(10), times('0')],
    points: 0n,
    because: ['fixed 10: once per transaction', 'times -10: × 0 on 10'],
  },
  {
    when: 'there is nothing to multiply',
    rules: [rate(5, usd(100)), times('2')],
    buys: paid(1),
    points: 0n,
    because: [
      'rate no: 1.00 USD is less than 100.00 USD',
      'times no: there are no points to multiply',
    ],
  },
  {
    when: 'a multiplied fraction is rounded once',
    rules: [exactly(5, usd(100)), times('1.5')],
    points: 18n,
    because: ['rate 12.5: 2.5 × 100.00 USD', 'times 6.25: × 1.5 on 12.5'],
  },
  {
    when: 'a multiplier asks for a category, and multiplies everything',
    rules: [rate(1, usd(10)), times('2', { match: { categories: ['wine'] } })],
    buys: WINE_AND_CHEESE,
    points: 26n,
    because: ['rate 13: 13 × 10.00 USD', 'times 13: × 2 on 13'],
  },
  {
    when: 'of a group of multipliers the best counts',
    rules: [
      fixed(10),
      times('2', { exclusiveGroup: 'boost' }),
      times('3', { ruleId: 'triple', exclusiveGroup: 'boost' }),
    ],
    points: 30n,
    because: [
      'fixed 10: once per transaction',
      'times no: would give 10, but of group boost only triple counts, which gives 20',
      'triple 20: × 3 on 10',
    ],
  },
  {
    when: "a rule's cap limits what multipliers make of it",
    rules: [rate(5, usd(100), { cap: { points: '15', period: 'DAY' } }), times('2')],
    points: 15n,
    because: [
      'rate 10: 2 × 100.00 USD, with multipliers limited to 15 by its cap of 15 per day',
      'times 5: × 2 on 10',
    ],
  },
  {
    when: 'a cap that is used up leaves nothing to multiply of its rule',
    rules: [rate(5, usd(100), { cap: { points: '15', period: 'DAY' } }), fixed(1), times('2')],
    used: 15n,
    points: 2n,
    because: [
      'rate no: 2 × 100.00 USD, but its cap of 15 per day is used up',
      'fixed 1: once per transaction',
      'times 1: × 2 on 1',
    ],
  },
  {
    when: 'a multiplier has a cap',
    rules: [fixed(10), times('2', { cap: { points: '12', period: 'MONTH' } })],
    used: 9n,
    points: 13n,
    because: [
      'fixed 10: once per transaction',
      'times 3: × 2 on 10, its bonus limited to 3 by its cap of 12 per month',
    ],
  },
  {
    when: 'a bonus that a cap denies is not multiplied either',
    rules: [
      fixed(100),
      times('2', { cap: { points: '10', period: 'MONTH' } }),
      times('3', { ruleId: 'triple' }),
    ],
    points: 330n,
    because: [
      'fixed 100: once per transaction',
      'times 10: × 2 on 100, its bonus limited to 10 by its cap of 10 per month',
      'triple 220: × 3 on 110',
    ],
  },
  {
    when: 'a bonus that a maximum denies is not multiplied either',
    rules: [fixed(100), times('2', { maximumPoints: '10' }), times('3', { ruleId: 'triple' })],
    points: 330n,
    because: [
      'fixed 100: once per transaction',
      'times 10: × 2 on 100, its bonus limited to its maximum of 10',
      'triple 220: × 3 on 110',
    ],
  },
  {
    when: "of a group of multipliers the best counts, though its cap is used up, like an award's",
    rules: [
      fixed(10),
      times('3', { exclusiveGroup: 'boost', cap: { points: '12', period: 'MONTH' } }),
      times('2', { ruleId: 'double', exclusiveGroup: 'boost' }),
      fixed(5, { ruleId: 'best', exclusiveGroup: 'promo', cap: { points: '12', period: 'MONTH' } }),
      fixed(4, { ruleId: 'second', exclusiveGroup: 'promo' }),
    ],
    used: 12n,
    points: 10n,
    because: [
      'fixed 10: once per transaction',
      'times 0: × 3 on 10, its bonus limited to 0 by its cap of 12 per month',
      'double no: would give 15, but of group boost only times counts, which gives 30',
      'best no: once per transaction, but its cap of 12 per month is used up',
      'second no: would give 4, but of group promo only best counts, which gives 5',
    ],
  },
];

const TABLES = {
  RATES,
  ROUNDINGS,
  AWARDS,
  FILTERS,
  CONDITIONS,
  SCHEDULES,
  LAST_INSTANTS,
  LIMITS,
  MULTIPLIERS,
};

describe.each(Object.entries(TABLES))('%s', (_, cases) => {
  test.each(cases)('$when', (example) => {
    const { rules, set = {}, buys = {}, member, now, used = 0n } = example;
    const tested = ruleSet({ ...set, earnRules: [...rules] });
    const award = evaluateFor(tested, transaction(buys), {
      member: { ...MEMBER, ...member },
      capUsed: () => used,
      ...(now === undefined ? {} : { now: new Date(now) }),
    });
    const because = award.explanation.map(
      ({ ruleId, applied, points, note }) => `${ruleId} ${applied ? points : 'no'}: ${note}`,
    );
    expect({ points: award.points, because }).toEqual({
      points: example.points,
      because: example.because,
    });
    // What a case shows is something that an operator can publish.
    expect(validateRuleSet(tested)).toEqual([]);
  });
});
