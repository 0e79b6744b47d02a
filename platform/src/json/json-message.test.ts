import type { DescMessage } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import {
  expectCostOfParsing,
  expectLinearTime,
  numbered,
  repeated,
} from '@loyalty/local/linear-time.ts';
import { DeadLetterSchema } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import {
  BatchEarnRequestSchema,
  EarnRequestSchema,
  ListProgramEarnsRequestSchema,
  ReverseEarnRequestSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { UpdateMembershipRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { UpdateProgramRequestSchema } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { ValidationFailed } from '../errors.ts';
import { validatorOf } from '../rpc/validation.ts';
import { readJsonMessage } from './json-message.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

const violationsOf = (desc: DescMessage, text: string) => violationsIn(desc, bytesOf(text));

function violationsIn(desc: DescMessage, bytes: Uint8Array) {
  try {
    readJsonMessage(desc, bytes);
  } catch (error) {
    if (error instanceof ValidationFailed) return error.violations;
    throw error;
  }
  return [];
}

/** Violations of an earn whose transaction has the given fields. */
function inTransaction(fields: string) {
  return violationsOf(EarnRequestSchema, `{"transaction":{${fields}}}`);
}

function amount(minorUnits: string) {
  return inTransaction(`"amount":{"currencyCode":"USD","minorUnits":${minorUnits}}`);
}

describe('a number', () => {
  test.each(['0', '25000', '"25000"', '-1', '-0', '9007199254740991', '"9223372036854775807"'])(
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
    ['5000.0', 'whole number'],
    ['"5000.0"', 'whole number'],
    ['"1e3"', 'whole number'],
    ['"+1"', 'whole number'],
    ['"01"', 'whole number'],
    ['"1_000"', 'whole number'],
    ['"١"', 'whole number'],
    ['""', 'whole number'],
    ['true', 'whole number'],
    ['[1]', 'whole number'],
    ['{"value":1}', 'whole number'],
    ['9007199254740993', 'within ±9007199254740991'],
    ['-9007199254740992', 'within ±9007199254740991'],
    ['9'.repeat(400), 'within ±9007199254740991'],
    ['"9223372036854775808"', 'fit into 64 bits'],
    [`"${'9'.repeat(400)}"`, 'fit into 64 bits'],
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
    const limitOf = (limit: string) =>
      readJsonMessage(RewardSchema, bytesOf(`{"stock":{"limit":${limit}}}`)).stock?.limit;
    expect(limitOf('null')).toBeUndefined();
    expect(limitOf('0')).toBe(0n);
    expect(limitOf('-0')).toBe(0n);
  });
});

describe('a time', () => {
  test.each([
    ['2026-02-28T23:59:59Z', 1_772_323_199n],
    ['2028-02-29T00:00:00.123456789+05:30', 1_835_375_400n],
    ['0001-01-01T00:00:00Z', -62_135_596_800n],
    ['9999-12-31T23:59:59.999999999Z', 253_402_300_799n],
  ])('is read: %s', (text, seconds) => {
    const json = `{"transaction":{"occurTime":"${text}"}}`;
    const { transaction } = readJsonMessage(EarnRequestSchema, bytesOf(json));
    expect(transaction?.occurTime).toMatchObject({ seconds });
  });

  test.each([
    '"2026-02-30T00:00:00Z"',
    '"2026-13-01T00:00:00Z"',
    '"2026-00-01T00:00:00Z"',
    '"2027-02-29T00:00:00Z"',
    '"2026-02-28T24:00:00Z"',
    '"2026-02-28T23:59:60Z"',
    '"2026-02-28T00:00:00"',
    '"2026-02-28 00:00:00Z"',
    '"2026-02-28t00:00:00z"',
    '"2026-02-28T00:00:00+24:00"',
    '"2026-02-28T00:00:00.1234567890Z"',
    '"0001-01-01T00:00:00+00:01"',
    '"9999-12-31T23:59:59-00:01"',
    '"10000-01-01T00:00:00Z"',
    '"2026-02-28"',
    '" 2026-02-28T00:00:00Z"',
    '1772236800',
    '{"seconds":1}',
  ])('is refused if it does not exist: %s', (text) => {
    expect(inTransaction(`"occurTime":${text}`)).toEqual([
      {
        field: 'transaction.occurTime',
        message: 'must be a time that exists, such as 2026-03-01T18:30:00Z',
      },
    ]);
  });
});

describe('an object', () => {
  test('names the field that it should not have', () => {
    const message = 'is not a field here; check its name, or leave it out';
    expect(inTransaction('"amuont":{}')).toEqual([{ field: 'transaction.amuont', message }]);
    expect(inTransaction('"a b":{}')).toEqual([{ field: 'transaction."a b"', message }]);
  });

  test('may be written with the names of the proto, but not with both', () => {
    const { userId } = readJsonMessage(EarnRequestSchema, bytesOf('{"user_id":"alice"}'));
    expect(userId).toBe('alice');
    expect(violationsOf(EarnRequestSchema, '{"user_id":"alice","userId":"bob"}')).toEqual([
      { field: 'userId', message: 'is given twice; give it once' },
    ]);
  });

  test('chooses one of alternatives', () => {
    expect(violationsOf(ReverseEarnRequestSchema, '{"full":{},"items":{}}')).toEqual([
      { field: 'items', message: "can't be given with full: choose one of full, amount, items" },
    ]);
    expect(violationsOf(ReverseEarnRequestSchema, '{"full":{},"items":null}')).toEqual([]);
  });

  test('that is a map takes every key but the one that would be lost', () => {
    expect(inTransaction('"attributes":{"constructor":"a","toString":"b"}')).toEqual([]);
    expect(inTransaction('"attributes":{"__proto__":"a"}')).toMatchObject([
      { field: 'transaction.attributes["__proto__"]' },
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

describe('a list or map with more than the contract allows', () => {
  const listOf = (length: number, item: string) => Array.from({ length }, () => item).join(',');
  const keys = (length: number) => Array.from({ length }, (_, index) => `"k${index}":""`).join(',');

  test('is refused before its items are looked at', () => {
    expect(violationsOf(BatchEarnRequestSchema, `{"earns":[${listOf(1001, '[]')}]}`)).toEqual([
      { field: 'earns', message: 'must have at most 1000 items' },
    ]);
    expect(inTransaction(`"items":[${listOf(201, '1')}]`)).toEqual([
      { field: 'transaction.items', message: 'must have at most 200 items' },
    ]);
    const inItem = `"items":[{},{"categories":[${listOf(21, '""')}]}]`;
    expect(inTransaction(inItem)).toEqual([
      { field: 'transaction.items[1].categories', message: 'must have at most 20 items' },
    ]);
    expect(inTransaction(`"attributes":{${keys(101)}}`)).toEqual([
      { field: 'transaction.attributes', message: 'must have at most 50 keys' },
    ]);
  });

  test('is refused for all lists together, too', () => {
    const earns = (count: number) =>
      listOf(count, `{"transaction":{"items":[${listOf(199, '{}')}]}}`);
    expect(violationsOf(BatchEarnRequestSchema, `{"earns":[${earns(250)}]}`)).toEqual([]);
    expect(violationsOf(BatchEarnRequestSchema, `{"earns":[${earns(251)}]}`)).toEqual([
      {
        field: '',
        message: 'must have at most 50000 items and keys in all its lists and maps; split it',
      },
    ]);
  });

  test('is read up to the bound, and a map up to twice its bound', () => {
    expect(inTransaction(`"items":[${listOf(200, '{}')}]`)).toEqual([]);
    expect(inTransaction(`"attributes":{${keys(100)}}`)).toEqual([]);
  });
});

describe('what no message can use', () => {
  const many = (length: number) =>
    Array.from({ length }, (_, index) => `"x${index}":{"a":[1]}`).join(',');

  test('does not hide the known fields behind it', () => {
    const violations = inTransaction(`${many(10)},"channel":5`) ?? [];
    expect(violations).toHaveLength(11);
    expect(violations.at(-1)).toEqual({
      field: 'transaction.channel',
      message: 'must be a string',
    });
  });

  test.each([
    ['a list', '"userId":[1,[2],{"a":3}]', 'userId', 'must be a string'],
    ['an object', '"userId":{"a":{"a":1}}', 'userId', 'must be a string'],
    ['an object', '"transaction":{"items":{"a":1}}', 'transaction.items', 'must be a list'],
    ['a list', '"transaction":{"attributes":[1]}', 'transaction.attributes', 'must be an object'],
  ])('is still refused as %s: {%s}', (_what, text, field, message) => {
    expect(violationsOf(EarnRequestSchema, `{${text}}`)).toEqual([{ field, message }]);
  });

  test.each([
    ['{"x":[1,{"a":}]}', 'malformed JSON: at line 1, column 14'],
    ['{"x":{"__proto__":1}}', 'is not an allowed name'],
    [`{"x":${'['.repeat(64)}${']'.repeat(64)}}`, 'nests deeper'],
    [`{${many(100)},"x":"\\ud800"}`, 'has an unpaired surrogate'],
  ])('must still be JSON: %s', (text, message) => {
    expect(violationsOf(EarnRequestSchema, text)).toMatchObject([
      { message: expect.stringContaining(message) },
    ]);
  });
});

describe('what makes no JSON is refused by its place, with JSON names:', () => {
  test.each([
    ['{"transaction":{"transaction_id":"a","transaction_id":"b"}}', 'transaction.transactionId'],
    ['{"transaction":{"attributes":{"a_b":"","a_b":""}}}', 'transaction.attributes["a_b"]'],
    ['{"transaction":{"items":[{},{"item_id":"\\ud800"}]}}', 'transaction.items[1].itemId'],
    ['{"transaction":{"colour":{"a_b":"\\ud800"}}}', 'transaction.colour.a_b'],
    ['{"transaction":', ''],
  ])('%s', (text, field) => {
    expect(violationsOf(EarnRequestSchema, text)).toMatchObject([{ field }]);
  });
});

test('values of another kind are refused, each by its place', () => {
  const violations = violationsOf(
    RuleSetSchema,
    '{"description":5,"rounding":"SIDEWAYS","earnRules":[{"match":[]},null,{"schedule":{"daysOfWeek":"MONDAY"}}]}',
  );
  expect(violations).toEqual([
    { field: 'description', message: 'must be a string' },
    { field: 'rounding', message: 'must be one of FLOOR, HALF_UP, HALF_EVEN, CEILING' },
    { field: 'earnRules[0].match', message: 'must be an object' },
    { field: 'earnRules[1]', message: 'must not be null' },
    { field: 'earnRules[2].schedule.daysOfWeek', message: 'must be a list' },
  ]);
  expect(violationsOf(ListProgramEarnsRequestSchema, '{"state":"LOST"}')).toEqual([
    { field: 'state', message: 'must be one of POSTED, REVERSED' },
  ]);
  expect(violationsOf(RuleSetSchema, '{"rounding":2}')).toMatchObject([{ field: 'rounding' }]);
  expect(violationsOf(RuleSetSchema, '[]')).toEqual([
    { field: '', message: 'the JSON must be an object' },
  ]);
});

test.each(['AP8=', 'AP8', 'AP-_', '', 'AP+/'])('bytes are base64: %j', (base64) => {
  const { payload } = readJsonMessage(DeadLetterSchema, bytesOf(`{"payload":"${base64}"}`));
  expect(Buffer.from(payload)).toEqual(Buffer.from(base64, 'base64'));
});

test.each(['"A"', '"AP8=="', '"A P8"', '"AP8=A"', '"*"', '1'])('bytes are not %s', (json) => {
  expect(violationsOf(DeadLetterSchema, `{"payload":${json}}`)).toEqual([
    { field: 'payload', message: 'must be base64' },
  ]);
});

test('a mask is a text of field names', () => {
  const { updateMask } = readJsonMessage(
    UpdateProgramRequestSchema,
    bytesOf('{"updateMask":"displayName,timeZone"}'),
  );
  expect(updateMask?.paths).toEqual(['display_name', 'time_zone']);
  for (const mask of ['["displayName"]', '"displayName,"', '{"paths":["a"]}']) {
    expect(violationsOf(UpdateProgramRequestSchema, `{"updateMask":${mask}}`)).toEqual([
      { field: 'updateMask', message: 'must be names of fields, separated by commas' },
    ]);
  }
});

test.each([
  ['', []],
  ['*', ['*']],
  ['attributes', ['attributes']],
  ['attributes.homeShop', ['attributes.homeShop']],
  ['attributes.home_shop,userId', ['attributes.home_shop', 'user_id']],
  ['attributes.Home.Shop', ['attributes.Home.Shop']],
  ['join_time', ['join_time']],
  ['balance.nextExpiry', ['balance.next_expiry']],
  ['balance.nextExpiry.time', ['balance.next_expiry.time']],
  ['state.homeShop', ['state.homeShop']],
  ['homeShop.tierOf', ['homeShop.tierOf']],
])('the mask %j names fields by the names of the protos, and keys as they are', (mask, paths) => {
  const { updateMask } = readJsonMessage(
    UpdateMembershipRequestSchema,
    bytesOf(JSON.stringify({ updateMask: mask })),
  );
  expect(updateMask?.paths).toEqual(paths);
});

test('a mask can have the name of the proto, too', () => {
  const text = '{"update_mask":"attributes.homeShop"}';
  const { updateMask } = readJsonMessage(UpdateMembershipRequestSchema, bytesOf(text));
  expect(updateMask?.paths).toEqual(['attributes.homeShop']);
  const none = readJsonMessage(UpdateMembershipRequestSchema, bytesOf('{"updateMask":null}'));
  expect(none.updateMask).toBeUndefined();
});

/** What a service takes of a text. */
const sizeMax = 1024 * 1024;

const texts: readonly [string, (size: number) => string][] = [
  ['escaped quotes in a string', repeated('{"userId":"', '\\"', '"}')],
  ['escaped quotes in a string without an end', repeated('{"userId":"', '\\"', '')],
  ['escaped quotes outside of a string', repeated('{"userId":', '\\"', '}')],
  ['backslashes', repeated('{"userId":"', '\\\\', '"}')],
  ['escaped surrogates', repeated('{"userId":"', '\\ud83d\\ude00', '"}')],
  ['letters', repeated('{"userId":"', 'a', '"}')],
  ['opening brackets', repeated('{"transaction":{"items":', '[', '')],
  ['spaces', repeated('{"userId":', ' ', '""}')],
  ['line ends', repeated('', '\n', '')],
  ['digits', repeated('{"transaction":{"amount":{"minorUnits":', '7', '}}}')],
  ['digits in a string', repeated('{"transaction":{"amount":{"minorUnits":"', '7', '"}}}')],
  ['decimals', repeated('{"transaction":{"amount":{"minorUnits":1.', '7', '}}}')],
  ['a time', repeated('{"transaction":{"occurTime":"2026-01-01T00:00:00.', '0', 'Z"}}')],
  ['items', repeated('{"transaction":{"items":[{}', ',{"quantity":1}', ']}}')],
  ['mistakes', repeated('{"transaction":{"items":[1', ',{"a":[],"quantity":"x"}', ']}}')],
  ['unknown names', numbered('{', (index) => `"x${index}":1`, '}')],
  ['keys', numbered('{"transaction":{"attributes":{', (key) => `"k${key}":""`, '}}}')],
  [
    'keys that are numbers',
    numbered('{"transaction":{"attributes":{', (key) => `"${key}":""`, '}}}'),
  ],
  ['a name again and again', repeated('{"transaction":{"attributes":{"a":1', ',"a":1', '}}}')],
];

describe('time grows with the length of the text and no faster, for', () => {
  test.each(texts)('%s', (_what, textOf) => {
    const read = (text: string) => violationsOf(EarnRequestSchema, text);
    expectLinearTime({ textOf, read, sizeMax });
  });
});

describe('to read and check a text takes about as long as JSON.parse takes, for', () => {
  const validate = validatorOf(EarnRequestSchema);
  const validateBatch = validatorOf(BatchEarnRequestSchema);

  const read = (text: string) =>
    unlessRefused(() => validate(readJsonMessage(EarnRequestSchema, bytesOf(text))));
  const readBatch = (text: string) =>
    unlessRefused(() => validateBatch(readJsonMessage(BatchEarnRequestSchema, bytesOf(text))));

  test.each(texts)('%s', (_what, textOf) => {
    expectCostOfParsing({ textOf, read, sizeMax });
  });

  test.each<[string, (size: number) => string]>([
    ['empty items', repeated('{"earns":[{}', ',{}', ']}')],
    ['items with a member', repeated('{"earns":[{}', ',{"transaction":{"items":[]}}', ']}')],
    ['lists of lists', repeated('{"earns":[[]', ',[]', ']}')],
    ['items of a field that there is not', repeated('{"x":[{}', ',{"a":{}}', ']}')],
    [
      'many unknown names in many items',
      repeated('{"earns":[{}', `,{${numbered('', (index) => `"x${index}":1`, '')(2000)}}`, ']}'),
    ],
  ])('a batch of %s', (_what, textOf) => {
    expectCostOfParsing({ textOf, read: readBatch, sizeMax });
  });
});

function unlessRefused(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
  }
}
