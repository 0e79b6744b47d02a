import { fromJson } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import type { FieldViolation } from '@loyalty/platform/errors.ts';
import {
  EarnRequestSchema,
  ReverseEarnRequestSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { readMessage } from './json-input.ts';
import { parseJsonText } from './json-text.ts';

function read(desc: Parameters<typeof readMessage>[0], text: string) {
  const violations: FieldViolation[] = [];
  const json = readMessage(desc, parseJsonText(new TextEncoder().encode(text)), {
    path: '',
    violations,
  });
  return { json, violations };
}

/** Violations of an earn whose transaction has the given fields. */
function inTransaction(fields: string) {
  return read(EarnRequestSchema, `{"transaction":{${fields}}}`).violations;
}

function amount(minorUnits: string) {
  return inTransaction(`"amount":{"currencyCode":"USD","minorUnits":${minorUnits}}`);
}

describe('a number', () => {
  test.each(['0', '25000', '"25000"', '-1', '9007199254740991', '"9223372036854775807"'])(
    'is read: %s',
    (text) => {
      expect(amount(text)).toEqual([]);
    },
  );

  test.each([
    ['"0x10"', 'whole number'],
    ['" 1 "', 'whole number'],
    ['1e3', 'whole number'],
    ['1.0', 'whole number'],
    ['"1e3"', 'whole number'],
    ['"+1"', 'whole number'],
    ['"01"', 'whole number'],
    ['""', 'whole number'],
    ['true', 'whole number'],
    ['[1]', 'whole number'],
    ['9007199254740993', 'must be within'],
    ['"9223372036854775808"', 'fit into 64 bits'],
  ])('is refused where its value could be doubted: %s', (text, message) => {
    expect(amount(text)).toEqual([
      { field: 'transaction.amount.minorUnits', message: expect.stringContaining(message) },
    ]);
  });

  test('of 32 bits has its own bounds', () => {
    expect(inTransaction('"items":[{"quantity":2147483648}]')).toEqual([
      { field: 'transaction.items[0].quantity', message: 'must fit into 32 bits' },
    ]);
  });

  test('that is null is absent, and 0 is there', () => {
    expect(read(RewardSchema, '{"stock":{"limit":null}}').json).toEqual({ stock: {} });
    expect(read(RewardSchema, '{"stock":{"limit":0}}').json).toEqual({ stock: { limit: '0' } });
  });
});

describe('a time', () => {
  test.each([
    '2026-02-28T23:59:59Z',
    '2028-02-29T00:00:00.123456789+05:30',
    '0001-01-01T00:00:00Z',
  ])('is read: %s', (text) => {
    const { json, violations } = read(EarnRequestSchema, `{"transaction":{"occurTime":"${text}"}}`);
    expect(violations).toEqual([]);
    expect(() => fromJson(EarnRequestSchema, json)).not.toThrow();
  });

  test.each([
    '"2026-02-30T00:00:00Z"',
    '"2026-13-01T00:00:00Z"',
    '"2027-02-29T00:00:00Z"',
    '"2026-02-28T24:00:00Z"',
    '"2026-02-28T23:59:60Z"',
    '"2026-02-28T00:00:00"',
    '"2026-02-28T00:00:00+24:00"',
    '"2026-02-28"',
    '1772236800',
    '{"seconds":1}',
  ])('is refused if it does not exist: %s', (text) => {
    expect(inTransaction(`"occurTime":${text}`)).toEqual([
      { field: 'transaction.occurTime', message: expect.stringContaining('must be a time') },
    ]);
  });
});

describe('an object', () => {
  test('names the field that it should not have', () => {
    expect(inTransaction('"amuont":{}')).toEqual([
      { field: 'transaction.amuont', message: '"amuont" is not a field here' },
    ]);
    expect(read(EarnRequestSchema, '{"__proto__":{"userId":"a"}}').violations).toEqual([
      { field: '__proto__', message: '"__proto__" is not a field here' },
    ]);
  });

  test('may be written with the names of the proto, but not with both', () => {
    expect(read(EarnRequestSchema, '{"user_id":"alice"}').json).toEqual({ userId: 'alice' });
    expect(read(EarnRequestSchema, '{"user_id":"alice","userId":"bob"}').violations).toEqual([
      { field: 'userId', message: 'is given twice' },
    ]);
  });

  test('chooses one of alternatives', () => {
    expect(read(ReverseEarnRequestSchema, '{"full":{},"items":{}}').violations).toEqual([
      { field: '', message: 'only one of full, amount, items can be given' },
    ]);
    expect(read(ReverseEarnRequestSchema, '{"full":{},"items":null}').violations).toEqual([]);
  });

  test('that is a map takes every key but the one that would be lost', () => {
    expect(inTransaction('"attributes":{"constructor":"a","toString":"b"}')).toEqual([]);
    expect(inTransaction('"attributes":{"__proto__":"a"}')).toEqual([
      { field: 'transaction.attributes["__proto__"]', message: 'can not be a key' },
    ]);
    expect(inTransaction('"attributes":{"a":1,"b":null}')).toEqual([
      { field: 'transaction.attributes["a"]', message: 'must be a string' },
      { field: 'transaction.attributes["b"]', message: 'must not be null' },
    ]);
  });

  test('reports no more mistakes than anybody wants to read', () => {
    const fields = Array.from({ length: 100 }, (_, index) => `"x${index}":1`).join(',');
    expect(inTransaction(fields)).toHaveLength(20);
  });
});

test('values of another kind are refused, each by its place', () => {
  const { violations } = read(
    RuleSetSchema,
    '{"description":5,"rounding":"SIDEWAYS","earnRules":[{"match":[]},null,{"schedule":{"daysOfWeek":"MONDAY"}}]}',
  );
  expect(violations.map(({ field }) => field)).toEqual([
    'description',
    'rounding',
    'earnRules[0].match',
    'earnRules[1]',
    'earnRules[2].schedule.daysOfWeek',
  ]);
});
