// The table of limits in docs/rules.md against the contract.
import { readFileSync } from 'node:fs';
import { type DescField, type DescMessage, getOption, toJson } from '@bufbuild/protobuf';
import {
  FieldRulesSchema,
  field as fieldRules,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { expect, test } from '@jest/globals';
import { MoneySchema } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';

type Limit = readonly [field: string, most: string];

const page = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
const table = page.slice(page.indexOf('## Limits of a rule set'));

/** Each field that a row names, with each number that it may be at most. */
const documented = Array.from(table.matchAll(/^\|(.+)\|(.+)\|$/gm)).flatMap(
  ([, what = '', most = '']) => {
    const fields = Array.from(what.matchAll(/`([\w.]+)`/g), ([, field = '']) => field);
    const numbers = most.replaceAll(',', '').match(/\d+/g) ?? [];
    return fields.flatMap((field) => numbers.map((number): Limit => [field, number]));
  },
);

/** What the calendar and the server set, rather than a limit. */
const unlimited = new Set([
  'etag',
  'schedule.daysOfWeek',
  'expiry.fixedDate.month',
  'expiry.fixedDate.day',
]);

function limitsOf(message: DescMessage, path: string): Limit[] {
  return message.fields.flatMap((field) => {
    const name = path === '' ? field.jsonName : `${path}.${field.jsonName}`;
    return unlimited.has(name) ? [] : [...ownLimits(field, name), ...limitsWithin(field, name)];
  });
}

function ownLimits(field: DescField, name: string): Limit[] {
  const limits: Limit[] = [];
  const rules = JSON.stringify(toJson(FieldRulesSchema, getOption(field, fieldRules)));
  JSON.parse(rules, (key, value: unknown) => {
    const isLimit = ['lte', 'maxItems', 'maxPairs', 'maxBytes'].includes(key);
    if (isLimit) limits.push([name, String(value)]);
    return value;
  });
  return limits;
}

/** Every amount has the same limit, and a rule's fields are named without `earnRules`. */
function limitsWithin(field: DescField, name: string): Limit[] {
  const { message } = field;
  if (message === undefined || !message.typeName.startsWith('loyalty.')) return [];
  const isShort = message.typeName === MoneySchema.typeName || name === 'earnRules';
  return limitsOf(message, isShort ? '' : name);
}

const contract = [...limitsOf(RuleSetSchema, ''), ...limitsOf(TransactionSchema, '')];

test.each([...new Set(contract.map((limit) => limit.join(' ≤ ')))])(
  'the table of limits has %s',
  (limit) => {
    expect(documented.map((each) => each.join(' ≤ '))).toContain(limit);
  },
);

test('the contract has limits', () => {
  expect(contract.length).toBeGreaterThan(30);
});
