import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import type { EvaluationInput } from '@loyalty/rules/evaluate.ts';
import { validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import { aPurchase, evaluateFor, MEMBER, ruleSet } from './example.ts';

/** Rules and a purchase, and what becomes of them. A line of `because` is "rule points: note", its kind in front. */
interface Case {
  readonly when: string;
  readonly rules: readonly JsonObject[];
  readonly set?: JsonObject;
  /** Noon of Saturday 2026-03-21 in New York, 250.00 USD, no items, unless told otherwise. */
  readonly buys?: JsonObject;
  readonly member?: Partial<EvaluationInput['member']>;
  readonly now?: string;
  /** What each cap has counted before. */
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
    because: ['rate 0: 99.99 USD is less than 100.00 USD'],
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
    because: ['rate 12.5: 2.5 × 100.00 USD', 'ROUNDING -0.5: rounded down to whole points'],
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
    because: ['rate 3 1/3: 3 1/3 × 3.00 USD', 'ROUNDING -1/3: rounded down to whole points'],
  },
  {
    when: 'nothing was paid',
    rules: [exactly(5, usd(100))],
    buys: paid(0),
    points: 0n,
    because: ['rate 0: 0.00 USD counted'],
  },
  {
    when: 'another currency was paid with',
    rules: [rate(5, usd(100))],
    buys: { amount: money('EUR', 25_000) },
    points: 0n,
    because: ['rate 0: counts USD, the transaction is in EUR'],
  },
  {
    when: 'each currency has its own rule',
    rules: [rate(5, usd(100)), rate(6, money('EUR', 10_000), { ruleId: 'euro' })],
    buys: { amount: money('EUR', 25_000) },
    points: 12n,
    because: ['rate 0: counts USD, the transaction is in EUR', 'euro 12: 2 × 100.00 EUR'],
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

const DOWN = 'rounded down to whole points';
const UP = 'rounded up to whole points';
const NEAREST = 'rounded to the nearest whole point, a half up';
const EVEN = 'rounded to the nearest whole point, a half to the even one';
const ROUNDED = [
  ['FLOOR', 2.5, 12n, [`ROUNDING -0.5: ${DOWN}`]],
  ['FLOOR', 2.59, 12n, [`ROUNDING -0.95: ${DOWN}`]],
  ['CEILING', 2.41, 13n, [`ROUNDING 0.95: ${UP}`]],
  ['CEILING', 2.4, 12n, []],
  ['HALF_UP', 2.5, 13n, [`ROUNDING 0.5: ${NEAREST}`]],
  ['HALF_UP', 2.49, 12n, [`ROUNDING -0.45: ${NEAREST}`]],
  ['HALF_EVEN', 2.5, 12n, [`ROUNDING -0.5: ${EVEN}`]],
  ['HALF_EVEN', 2.7, 14n, [`ROUNDING 0.5: ${EVEN}`]],
  ['HALF_EVEN', 2.51, 13n, [`ROUNDING 0.45: ${EVEN}`]],
] as const;

const ROUNDINGS: Case[] = ROUNDED.map(([rounding, steps, points, rounded]) => ({
  when: `${rounding} of ${(steps * 5).toFixed(2).replace(/\.?0+$/, '')}`,
  rules: [exactly(5, usd(100))],
  set: { rounding },
  buys: paid(steps * 100),
  points,
  because: [
    `rate ${(steps * 5).toFixed(2).replace(/\.?0+$/, '')}: ${steps} × 100.00 USD`,
    ...rounded,
  ],
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
    because: ['units 0: the transaction has no items'],
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
    because: ['fixed 0: no item matches'],
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
    because: ['rate 0: the transaction has no items'],
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
    because: ["fixed 0: channel store doesn't match"],
  },
  {
    when: 'a channel is asked for and none is told',
    rules: [fixed(50, { match: { channels: ['web'] } })],
    points: 0n,
    because: ['fixed 0: asks for a channel, the transaction has none'],
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
    because: ['fixed 0: 250.00 USD is less than the minimum of 250.01 USD'],
  },
  {
    when: 'the minimum is of another currency',
    rules: [fixed(50, { minimumAmount: money('EUR', 100) })],
    points: 0n,
    because: ['fixed 0: asks for at least 1.00 EUR, the transaction is in USD'],
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
    because: ['fixed 0: condition is false'],
  },
  {
    when: 'a condition asks for a key that is missing',
    rules: [fixed(50, { condition: "transaction.attributes['store'] == 'paris'" })],
    points: 0n,
    because: ['fixed 0: condition failed: field not found: store'],
  },
  {
    when: 'a condition asks whether the key is there first',
    rules: [
      fixed(50, {
        condition: "'store' in transaction.attributes && transaction.attributes.store == 'paris'",
      }),
    ],
    points: 0n,
    because: ['fixed 0: condition is false'],
  },
  {
    when: 'a condition divides by zero',
    rules: [fixed(50, { condition: '1 / (transaction.amount.minor_units - 25000) > 0' })],
    points: 0n,
    because: ['fixed 0: condition failed: int divide by zero'],
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
    member: { joinTime: Date.parse('2026-03-01T00:00:00Z') },
    points: 50n,
    because: ['fixed 50: once per transaction'],
  },
  {
    when: 'a condition on the evaluation instant',
    rules: [fixed(50, { condition: "now < timestamp('2026-04-01T00:00:00Z')" })],
    now: '2026-04-01T00:00:00Z',
    points: 0n,
    because: ['fixed 0: condition is false'],
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
      'times 0: outside its schedule: Friday 2026-03-20 23:30 in America/New_York',
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
    because: ['fixed 0: outside its schedule: Thursday 2026-01-15 20:00 in Europe/Paris'],
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
    because: ['fixed 0: outside its schedule: Friday 2026-01-16 01:00 in Europe/Paris'],
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
    because: ['fixed 0: outside its schedule: Saturday 2026-03-21 16:00 in UTC'],
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
    because: ['MAXIMUM rate 500: 250 × 1.00 USD = 1250, limited to its maximum of 500'],
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
    because: ['rate 10: 2 × 100.00 USD', 'CAP rate -7: its cap of 100 per week leaves 3'],
  },
  {
    when: 'a cap is used up',
    rules: [rate(5, usd(100), { cap: { points: '100', period: 'MONTH' } })],
    used: 100n,
    points: 0n,
    because: ['rate 10: 2 × 100.00 USD', 'CAP rate -10: its cap of 100 per month is used up'],
  },
  {
    when: 'a cap was lowered below what is used',
    rules: [rate(5, usd(100), { cap: { points: '50', period: 'LIFETIME' } })],
    used: 100n,
    points: 0n,
    because: ['rate 10: 2 × 100.00 USD', 'CAP rate -10: its cap of 50 for life is used up'],
  },
  {
    when: 'only the capped rule is limited',
    rules: [rate(5, usd(100), { cap: { points: '4', period: 'DAY' } }), fixed(50)],
    points: 54n,
    because: [
      'rate 10: 2 × 100.00 USD',
      'fixed 50: once per transaction',
      'CAP rate -6: its cap of 4 per day leaves 4',
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
      'GROUP fixed 0: would give 50, but of group promo only rate counts, which gives 60',
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
      'GROUP other 0: would give 50, but of group promo only fixed counts, which gives 50',
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
      'GROUP rate 0: would give 40, but of group promo only fixed counts, which gives 50',
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
    because: ['fixed 50: once per transaction', "web 0: channel store doesn't match"],
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
      'MAXIMUM times 5: × 3 on 10, its bonus limited to its maximum of 5',
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
      'rate 0: 1.00 USD is less than 100.00 USD',
      'times 0: there are no points to multiply',
    ],
  },
  {
    when: 'a multiplied fraction is rounded once',
    rules: [exactly(5, usd(100)), times('1.5')],
    points: 18n,
    because: [
      'rate 12.5: 2.5 × 100.00 USD',
      'times 6.25: × 1.5 on 12.5',
      'ROUNDING -0.75: rounded down to whole points',
    ],
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
      'GROUP times 0: would give 10, but of group boost only triple counts, which gives 20',
      'triple 20: × 3 on 10',
    ],
  },
  {
    when: "a rule's cap limits what multipliers make of it",
    rules: [rate(5, usd(100), { cap: { points: '15', period: 'DAY' } }), times('2')],
    points: 15n,
    because: [
      'rate 10: 2 × 100.00 USD',
      'times 10: × 2 on 10',
      'CAP rate -5: its cap of 15 per day leaves 15',
    ],
  },
  {
    when: 'a cap that is used up leaves nothing to multiply of its rule',
    rules: [rate(5, usd(100), { cap: { points: '15', period: 'DAY' } }), fixed(1), times('2')],
    used: 15n,
    points: 2n,
    because: [
      'rate 10: 2 × 100.00 USD',
      'fixed 1: once per transaction',
      'times 11: × 2 on 11',
      'CAP rate -20: its cap of 15 per day is used up',
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
      'MAXIMUM times 10: × 2 on 100, its bonus limited to its maximum of 10',
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
    points: 28n,
    because: [
      'fixed 10: once per transaction',
      'GROUP times 0: would give 0, but of group boost only double counts, which gives 14',
      'double 14: × 2 on 14',
      'GROUP best 0: would give 0, but of group promo only second counts, which gives 4',
      'second 4: once per transaction',
    ],
  },
];

const PER_DOLLAR = usd(1);
const NO_GIFT_CARDS: JsonObject = { match: { exclude: { categories: ['giftcard'] } } };
/** Has 3.90 of shipping. */
const WITH_GIFT_CARD: JsonObject = {
  amount: usd(153.9),
  items: [item('card', 'giftcard', 1, 50), item('cab', 'wine', 2, 100)],
};
const ONLY_GIFT_CARD: JsonObject = { amount: usd(53.9), items: [item('card', 'giftcard', 1, 50)] };

const EXCLUSIONS: Case[] = [
  {
    when: 'a rate counts all but what is excluded, what belongs to no item included',
    rules: [rate(1, PER_DOLLAR, NO_GIFT_CARDS)],
    buys: WITH_GIFT_CARD,
    points: 103n,
    because: ['rate 103: 103 × 1.00 USD'],
  },
  {
    when: 'a rate with nothing left but what belongs to no item',
    rules: [rate(1, PER_DOLLAR, NO_GIFT_CARDS)],
    buys: ONLY_GIFT_CARD,
    points: 3n,
    because: ['rate 3: 3 × 1.00 USD'],
  },
  {
    when: 'a rate that names items counts no excluded one of them',
    rules: [
      rate(1, PER_DOLLAR, {
        match: { categories: ['wine', 'giftcard'], exclude: { skus: ['card'] } },
      }),
    ],
    buys: WITH_GIFT_CARD,
    points: 100n,
    because: ['rate 100: 100 × 1.00 USD'],
  },
  {
    when: 'an item that is listed and excluded is excluded',
    rules: [fixed(5, { match: { skus: ['card'], exclude: { categories: ['giftcard'] } } })],
    buys: WITH_GIFT_CARD,
    points: 0n,
    because: ['fixed 0: no item matches'],
  },
  {
    when: 'units of what is not excluded',
    rules: [perItem(3, NO_GIFT_CARDS)],
    buys: WITH_GIFT_CARD,
    points: 6n,
    because: ['units 6: 2 × 3 for each unit'],
  },
  {
    when: 'a fixed award applies where an item is not excluded',
    rules: [fixed(5, NO_GIFT_CARDS)],
    buys: WITH_GIFT_CARD,
    points: 5n,
    because: ['fixed 5: once per transaction'],
  },
  {
    when: 'nothing applies where every item is excluded',
    rules: [fixed(5, NO_GIFT_CARDS), perItem(3, NO_GIFT_CARDS), times('2', NO_GIFT_CARDS)],
    buys: ONLY_GIFT_CARD,
    points: 0n,
    because: [
      'fixed 0: no item is left that counts',
      'units 0: no item is left that counts',
      'times 0: no item is left that counts',
    ],
  },
  {
    when: 'exclusions alone let a purchase without items pass',
    rules: [fixed(5, NO_GIFT_CARDS), times('2', NO_GIFT_CARDS), perItem(3, NO_GIFT_CARDS)],
    points: 10n,
    because: [
      'fixed 5: once per transaction',
      'times 5: × 2 on 5',
      'units 0: the transaction has no items',
    ],
  },
  {
    when: 'the minimum asks the whole amount, what is excluded included',
    rules: [rate(1, PER_DOLLAR, { ...NO_GIFT_CARDS, minimumAmount: usd(150) })],
    buys: WITH_GIFT_CARD,
    points: 103n,
    because: ['rate 103: 103 × 1.00 USD'],
  },
];

/** 100.00 of goods, for which a coupon left half to pay. */
const WITH_COUPON: JsonObject = {
  amount: usd(50),
  items: [item('cab', 'wine', 1, 60), item('brie', 'cheese', 1, 40)],
};

const SHARES: Case[] = [
  {
    when: 'a rate that names items counts what was paid for them',
    rules: [rate(1, PER_DOLLAR, { match: { categories: ['wine'] } })],
    buys: WITH_COUPON,
    points: 30n,
    because: ['rate 30: 30 × 1.00 USD, counting 60.00 USD × 50.00 USD ÷ 100.00 USD'],
  },
  {
    when: 'all items together count what was paid',
    rules: [rate(1, PER_DOLLAR, { match: { categories: ['wine', 'cheese'] } })],
    buys: WITH_COUPON,
    points: 50n,
    because: ['rate 50: 50 × 1.00 USD'],
  },
  {
    when: 'what is excluded takes its share with it',
    rules: [rate(1, PER_DOLLAR, { match: { exclude: { skus: ['cab'] } } })],
    buys: WITH_COUPON,
    points: 20n,
    because: ['rate 20: 20 × 1.00 USD, counting 40.00 USD × 50.00 USD ÷ 100.00 USD'],
  },
  {
    when: 'a share that no decimal is exact for',
    rules: [exactly(1, PER_DOLLAR, { match: { skus: ['1'] } })],
    buys: {
      amount: usd(10),
      items: [item('1', 'wine', 1, 10), item('2', 'wine', 1, 10), item('3', 'wine', 1, 10)],
    },
    points: 3n,
    because: [
      'rate 3 1/3: 3 1/3 × 1.00 USD, counting 10.00 USD × 10.00 USD ÷ 30.00 USD',
      `ROUNDING -1/3: ${DOWN}`,
    ],
  },
  {
    when: 'a share that is less than a step',
    rules: [rate(1, usd(40), { match: { skus: ['cab'] } })],
    buys: WITH_COUPON,
    points: 0n,
    because: ['rate 0: 60.00 USD × 50.00 USD ÷ 100.00 USD is less than 40.00 USD'],
  },
  {
    when: 'all was paid with points',
    rules: [rate(1, PER_DOLLAR, { match: { skus: ['cab'] } }), perItem(3)],
    buys: { ...WITH_COUPON, amount: usd(0) },
    points: 6n,
    because: [
      'rate 0: 60.00 USD × 0.00 USD ÷ 100.00 USD is less than 1.00 USD',
      'units 6: 2 × 3 for each unit',
    ],
  },
];

const RULE_SET_LIMITS: Case[] = [
  {
    when: 'a rule set has a maximum per transaction',
    rules: [fixed(80), perItem(10)],
    set: { maximumPoints: '100' },
    buys: WINE_AND_CHEESE,
    points: 100n,
    because: [
      'fixed 80: once per transaction',
      'units 50: 5 × 10 for each unit',
      'SET_MAXIMUM -30: at most 100 for one transaction, whatever the rules give',
    ],
  },
  {
    when: 'a rule set has a cap with a little room',
    rules: [fixed(80)],
    set: { cap: { points: '500', period: 'DAY' } },
    used: 450n,
    points: 50n,
    because: [
      'fixed 80: once per transaction',
      'SET_CAP -30: the cap of 500 per day over all rules leaves 50',
    ],
  },
  {
    when: 'the cap of a rule set is used up',
    rules: [fixed(80)],
    set: { cap: { points: '500', period: 'LIFETIME' } },
    used: 500n,
    points: 0n,
    because: [
      'fixed 80: once per transaction',
      'SET_CAP -80: the cap of 500 for life over all rules is used up',
    ],
  },
  {
    when: "the maximum comes before the cap, both after the rules' own caps, and rounding last",
    rules: [fixed(80, { cap: { points: '70', period: 'MONTH' } }), exactly(1, usd(100))],
    set: { maximumPoints: '60', cap: { points: '45', period: 'WEEK' }, rounding: 'CEILING' },
    points: 45n,
    because: [
      'fixed 80: once per transaction',
      'rate 2.5: 2.5 × 100.00 USD',
      'CAP fixed -10: its cap of 70 per month leaves 70',
      'SET_MAXIMUM -12.5: at most 60 for one transaction, whatever the rules give',
      'SET_CAP -15: the cap of 45 per week over all rules leaves 45',
    ],
  },
];

/** A cap of 100 with 60 used. */
const NEARLY_FULL: JsonObject = { cap: { points: '100', period: 'DAY' } };

const WORTH_IN_A_GROUP: Case[] = [
  {
    when: 'the best of a group is what its cap still lets it give',
    rules: [
      fixed(90, { ...NEARLY_FULL, exclusiveGroup: 'promo' }),
      rate(1, usd(5), { exclusiveGroup: 'promo' }),
    ],
    used: 60n,
    points: 50n,
    because: [
      'GROUP fixed 0: would give 40, but of group promo only rate counts, which gives 50',
      'rate 50: 50 × 5.00 USD',
    ],
  },
  {
    when: "the rule set's cap plays no part in the choice",
    rules: [fixed(90, { exclusiveGroup: 'promo' }), rate(1, usd(5), { exclusiveGroup: 'promo' })],
    set: { cap: { points: '100', period: 'DAY' } },
    used: 60n,
    points: 40n,
    because: [
      'fixed 90: once per transaction',
      'GROUP rate 0: would give 50, but of group promo only fixed counts, which gives 90',
      'SET_CAP -50: the cap of 100 per day over all rules leaves 40',
    ],
  },
  {
    when: 'what passes its filter competes, also with 0',
    rules: [
      rate(1, usd(500), { exclusiveGroup: 'promo' }),
      fixed(90, { cap: { points: '60', period: 'DAY' }, exclusiveGroup: 'promo' }),
    ],
    used: 60n,
    points: 0n,
    because: [
      'rate 0: 250.00 USD is less than 500.00 USD',
      'GROUP fixed 0: would give 0, but of group promo only rate counts, which gives 0',
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
  EXCLUSIONS,
  SHARES,
  RULE_SET_LIMITS,
  WORTH_IN_A_GROUP,
};

describe.each(Object.entries(TABLES))('%s', (_, cases) => {
  test.each(cases)('$when', (example) => {
    const { rules, set = {}, buys = {}, member, now, used = 0n } = example;
    const tested = ruleSet({ ...set, earnRules: [...rules] });
    const award = evaluateFor(tested, aPurchase(buys), {
      member: { ...MEMBER, ...member },
      capUsed: () => used,
      ...(now === undefined ? {} : { now: Date.parse(now) }),
    });
    const because = award.explanation.map(
      ({ kind, ruleId, points, note }) =>
        `${[kind === 'RULE' ? '' : kind, ruleId, points].filter(Boolean).join(' ')}: ${note}`,
    );
    expect({ points: award.points, because }).toEqual({
      points: example.points,
      because: example.because,
    });
    // What a case shows is something that an operator can publish.
    expect(validateRuleSet(tested)).toEqual([]);
  });
});
