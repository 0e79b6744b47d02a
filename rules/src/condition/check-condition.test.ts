import { describe, expect, test } from '@jest/globals';
import { CONDITION_COST_MAX, checkCondition, faultText } from './check-condition.ts';
import { EARN_RULE_VOCABULARY, REWARD_VOCABULARY } from './vocabulary.ts';

function faultOf(expression: string, vocabulary = EARN_RULE_VOCABULARY): string | undefined {
  const { fault } = checkCondition(expression, vocabulary);
  return fault && faultText(fault);
}

describe('a condition is accepted', () => {
  test.each([
    'true',
    'transaction.amount.minor_units >= 10000',
    "transaction.amount.currency_code == 'USD' && transaction.channel != 'web'",
    "transaction.attributes['store'] == 'paris'",
    "transaction.attributes.store == 'paris'",
    "has(transaction.attributes.store) && 'a' in transaction.attributes",
    "transaction.items.exists(i, 'wine' in i.categories && i.quantity >= 2)",
    'transaction.items.all(i, i.amount.minor_units > 0)',
    "transaction.items.exists_one(i, i.sku.startsWith('cab'))",
    "transaction.items.filter(i, i.quantity > 1).map(i, i.sku).exists(s, s == 'x')",
    'transaction.items.map(i, i.quantity > 1, i.sku).size() == 2',
    'size(transaction.items) > 3 && transaction.channel.size() > 0',
    "transaction.items[0].sku == 'x'",
    'transaction.attributes.all(key, key.size() < 10)',
    "transaction.occur_time - member.join_time < duration('720h')",
    "transaction.occur_time > timestamp('2026-01-01T00:00:00Z')",
    "now.getDayOfWeek('Europe/Paris') == 6 || now.getHours() < 12",
    'member.lifetime_earned / 100 > 3 && member.lifetime_earned % 2 == 0',
    "member.user_id.matches('^[a-z]+$')",
    "member.attributes['tier'] in ['gold', 'silver']",
    "{'gold': 1000, 'silver': 500}[member.attributes.tier] < transaction.amount.minor_units",
    "(transaction.channel == 'web' ? 100 : 200) < transaction.amount.minor_units",
    "'a' + transaction.channel == 'aweb'",
    'double(transaction.amount.minor_units) / 3.0 > 1.5',
    "string(transaction.items[0].quantity) == '2'",
    '!(1 in [])',
    'int("5") == 5 && -member.lifetime_earned < 0',
    'size([1] + [2, 3]) > 2 ? true : false',
  ])('%s', (expression) => {
    expect(faultOf(expression)).toBeUndefined();
  });

  test('over a member and now only, for a reward', () => {
    expect(faultOf('member.lifetime_earned > 5', REWARD_VOCABULARY)).toBeUndefined();
    expect(faultOf("transaction.channel == 'web'", REWARD_VOCABULARY)).toBe(
      'line 1, column 1: unknown name transaction; known are member, now',
    );
  });
});

describe('a condition is refused with the place of the mistake', () => {
  test.each([
    ['transaction.amount >', 'line 1, column 20: syntax error: found > but expecting end of input'],
    [
      "true &&\n  transaction.chanel == 'web'",
      'line 2, column 14: Transaction has no field chanel',
    ],
    ['transaction.amount.minor_units', 'line 1, column 19: must be a yes or no (bool), but is int'],
    [
      "transaction.amount.minor_units > '5'",
      "line 1, column 32: > can't be applied to int, string",
    ],
    ["member.lifetime_earned == '5'", "line 1, column 24: == can't compare int with string"],
    ['transaction.items == []', "line 1, column 19: == can't compare list(TransactionItem)"],
    [
      'purchase.amount > 5',
      'line 1, column 1: unknown name purchase; known are transaction, member',
    ],
    [
      'member.lifetime_earned && true',
      'line 1, column 7: && needs a bool on both sides, but this is int',
    ],
    ["member.attributes['a'] in 'abc'", "line 1, column 24: in can't look for string in string"],
    [
      '[1, "a"].size() > 1',
      'line 1, column 5: a list has elements of one type, not int and string',
    ],
    ['true ? 1 : "a"', 'line 1, column 1: ? : needs values of one type, not int and string'],
    ['transaction.items["a"].quantity > 1', "list(TransactionItem) can't be indexed with string"],
    ['member.user_id.matches("(")', 'the pattern is not RE2'],
    ['member.user_id.matches("(a{100}){9}")', 'the pattern is too complex'],
    ['member.user_id.matches(transaction.channel)', 'must be a string literal'],
    ['now.getHours("Europe/Atlantis") > 3', 'the time zone must be a literal'],
    ['now.getHours(member.user_id) > 3', 'the time zone must be a literal'],
    ['frobnicate(1)', 'line 1, column 1: unknown function frobnicate'],
    ['dyn(1) == 1', 'unknown function dyn'],
    ['type(1) == int', 'unknown function type'],
    ['member.user_id.exists(x, true)', 'goes through a list or a map, not through string'],
    ['transaction.items.all(i, i.size)', 'TransactionItem has no field size'],
    ['google.protobuf.Timestamp{seconds: 1} == now', 'a condition can make no messages'],
    ["transaction.__proto__.x == 'a'", 'Transaction has no field __proto__'],
    ['transaction.constructor', 'Transaction has no field constructor'],
    ['constructor', 'unknown name constructor'],
    ['@result', 'syntax error'],
    ["['a'].map(a, a + a).size() > 0", 'strings and lists can be joined only outside of loops'],
    ['[[1]].map(a, a + a).size() > 0', 'strings and lists can be joined only outside of loops'],
    [`${'['.repeat(200)}${']'.repeat(200)}.size() > 0`, 'brackets may nest 50 deep at most'],
    [`${'true ? true : '.repeat(140)}true`, 'nested deeper than 100 levels'],
    ["'", 'syntax error'],
    ["'\\ud800' == 'a'", 'surrogate'],
  ])('%s', (expression, message) => {
    expect(faultOf(expression)).toContain(message);
  });
});

test('what a condition may cost is bounded', () => {
  const cost = (expression: string) => checkCondition(expression, EARN_RULE_VOCABULARY).cost;
  expect(cost('true')).toBe(1);
  expect(cost("transaction.items.exists(i, 'wine' in i.categories)")).toBeLessThan(
    CONDITION_COST_MAX,
  );
  const pairs = 'transaction.items.all(i, transaction.items.all(j, i.sku != j.sku))';
  expect(cost(pairs)).toBeGreaterThan(CONDITION_COST_MAX);
  expect(faultOf(pairs)).toMatch(/line 1, column 18: may take \d+ steps, more than 50000/);
});

describe('what takes longer than a step counts as several', () => {
  test.each([
    ['now.getDate() > 0', 20],
    ["now.getHours('Europe/Paris') > 0", 20],
    ["duration('5s').getSeconds() > 0", 45],
    ["timestamp(transaction.attributes['a']) < now", 40],
    ['timestamp(5) < now', 20],
    ["string(now) == 'a'", 20],
    ["int(transaction.attributes['a']) > 0", 10],
    ["transaction.channel.contains('a')", 10],
    ['transaction.channel.size() > 3', 20],
    ["now + duration('5s') > now", 60],
    ['now - member.join_time > duration("1h")', 55],
  ])('%s as at least %d', (expression, steps) => {
    const { fault, cost } = checkCondition(expression, EARN_RULE_VOCABULARY);
    expect(fault).toBeUndefined();
    expect(cost).toBeGreaterThanOrEqual(steps);
    expect(cost).toBeLessThan(steps + 10);
  });

  test('so a loop that asks the calendar too often is refused', () => {
    const sum = Array(60).fill('now.getDate()').join(' + ');
    expect(faultOf(`transaction.items.all(i, ${sum} > 0)`)).toMatch(/steps, more than 50000/);
  });
});
