import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  create,
  type DescFile,
  type DescMessage,
  getOption,
  type MessageInitShape,
  toJson,
} from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import {
  FieldRulesSchema,
  field as fieldRules,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Earn_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import type { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import {
  AdjustBalanceRequestSchema,
  EarnRequestSchema,
  ListEntriesRequestSchema,
  ListProgramEarnsRequestSchema,
  ReverseEarnRequestSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MoneySchema } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  CapSchema,
  EarnRuleSchema,
  Schedule_Day,
  ScheduleSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { ReplayWebhookRequestSchema } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import type { ValidationFailed } from '../errors.ts';
import { type FieldNaming, jsonNaming, named, protoNaming } from '../json/field-naming.ts';
import { wordsOfPatterns, wordsOfReserved } from './text-rules.ts';
import { validatorOf } from './validation.ts';

function violationsOf<D extends DescMessage>(schema: D, init: MessageInitShape<D>) {
  try {
    validatorOf(schema)(create(schema, init));
    return {};
  } catch (error) {
    const { violations = [] } = error as ValidationFailed;
    return Object.fromEntries(violations.map(({ field, message }) => [field, message]));
  }
}

test('fields that the words of a rule name have the names that the caller writes', () => {
  const range = { to: { seconds: 1n }, start: { case: 'userId', value: 'alice' } } as const;
  const schema = ReplayWebhookRequestSchema;
  const request = create(schema, { programId: 'wine-dine', webhookId: '1', ...range });
  const validate = (naming: FieldNaming) => {
    try {
      validatorOf(schema)(request);
      return undefined;
    } catch (error) {
      return named(error as ValidationFailed, naming).message;
    }
  };
  expect(validate(protoNaming)).toBe('Give to only with from, and from_sequence only with user_id');
  expect(validate(jsonNaming(schema))).toBe(
    'Give to only with from, and fromSequence only with userId',
  );
});

describe('a caller who sends', () => {
  test('nothing is told what must be given', () => {
    expect(violationsOf(EarnRequestSchema, {})).toEqual({
      program_id:
        'must be 3 to 50 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen',
      user_id: 'must not be empty',
      transaction: 'must be given',
    });
  });

  test('an id that nobody could read or log is told so', () => {
    const transaction = { transactionId: 'order\u00001', occurTime: {}, amount: {} };
    expect(violationsOf(TransactionSchema, transaction)).toMatchObject({
      transaction_id: 'must not contain control or invisible characters',
    });
  });

  test('numbers and texts out of bounds is told the bounds', () => {
    expect(violationsOf(MoneySchema, { currencyCode: 'usd', minorUnits: -1n })).toEqual({
      currency_code: 'must be three capital letters, such as USD',
      minor_units: 'must be at least 0 and at most 9007199254740991',
    });
    expect(violationsOf(ProgramSchema, { displayName: 'x'.repeat(201) })).toEqual({
      display_name: 'must be at most 200 bytes',
    });
  });

  test('an amount without a number is told so, and 0 is a number', () => {
    expect(violationsOf(MoneySchema, { currencyCode: 'USD' })).toEqual({
      minor_units: 'must be given',
    });
    expect(violationsOf(MoneySchema, { currencyCode: 'USD', minorUnits: 0n })).toEqual({});
  });

  test('none of the alternatives is told which there are', () => {
    expect(violationsOf(EarnRuleSchema, { ruleId: 'base' })).toEqual({
      '': 'one of rate, fixed, per_item, multiplier must be given',
    });
    expect(violationsOf(ReverseEarnRequestSchema, {})).toHaveProperty(
      [''],
      'one of full, amount, items must be given',
    );
  });

  test('a number or an id that is excluded is told what to send', () => {
    const adjustment = { programId: 'wine-dine', idempotencyKey: 'k', reason: 'r', points: 0n };
    const transaction = { transactionId: '..', occurTime: {}, amount: {} };
    expect(violationsOf(TransactionSchema, transaction)).toMatchObject({
      transaction_id: 'must not be . or .., because no path can contain it',
    });
    expect(violationsOf(AdjustBalanceRequestSchema, { ...adjustment, userId: 'me' })).toEqual({
      user_id:
        'must be a user\'s id: not ".", ".." or "me" (members may use "me" for themselves, at the gateway only)',
      points: 'must not be 0',
    });
  });

  test('what is no value of an enum is told the values', () => {
    expect(violationsOf(CapSchema, { points: 1n })).toEqual({
      period: 'must be one of DAY, WEEK, MONTH, LIFETIME',
    });
    for (const state of [Earn_State.AWAITED, 99 as Earn_State]) {
      const asked = { programId: 'wine-dine', state };
      expect(violationsOf(ListProgramEarnsRequestSchema, asked)).toEqual({
        state: 'must be one of POSTED, REVERSED',
      });
    }
    expect(violationsOf(ListEntriesRequestSchema, { kinds: [99 as Entry_Kind] })).toHaveProperty(
      ['kinds[0]'],
      expect.stringMatching(/^must be one of .*EARN, .*UPDATED$/),
    );
  });

  test('lists and maps that are too large, or not as they should be, is told how', () => {
    const daysOfWeek = [Schedule_Day.MONDAY, Schedule_Day.MONDAY];
    expect(violationsOf(ScheduleSchema, { daysOfWeek, startTimeOfDay: '24:00' })).toEqual({
      days_of_week: 'must not have the same item twice',
      start_time_of_day: 'must be a time of day from 00:00 to 23:59, such as 18:30',
    });
    const metadata = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [index, '']));
    expect(violationsOf(ProgramSchema, { metadata })).toEqual({
      metadata: 'must have at most 50 keys',
    });
    expect(violationsOf(ProgramSchema, { metadata: { '': 'x' } })).toEqual({
      'metadata[""]': 'its key must not be empty',
    });
  });

  test('far too many items is told so, without a word about each of them', () => {
    const items = Array.from({ length: 300_000 }, () => ({}));
    expect(violationsOf(EarnRequestSchema, { transaction: { items } })).toEqual({
      'transaction.items': 'must have at most 200 items',
    });
    const categories = Array.from({ length: 21 }, () => '');
    const item = { itemId: '1', categories };
    expect(violationsOf(TransactionSchema, { items: [item, {}, item] })).toEqual({
      'items[0].categories': 'must have at most 20 items',
      'items[2].categories': 'must have at most 20 items',
    });
  });

  test('much that is wrong is told of the first fault only', () => {
    const items = (length: number) => Array.from({ length }, () => ({ itemId: '' }));
    const purchase = {
      transactionId: 'order-1',
      occurTime: {},
      amount: { currencyCode: 'USD', minorUnits: 1n },
    };
    expect(
      Object.keys(violationsOf(TransactionSchema, { ...purchase, items: items(25) })),
    ).toHaveLength(75);
    expect(violationsOf(TransactionSchema, { ...purchase, items: items(26) })).toEqual({
      'items[0].item_id': 'must not be empty',
    });
  });
});

describe('every pattern and reserved text of the contract', () => {
  const contracts = join(import.meta.dirname, '../../../proto/gen/loyalty');
  const patterns = new Map<string, string>();
  const reserved = new Map<string, string>();

  beforeAll(async () => {
    for (const path of readdirSync(contracts, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('_pb.ts')) continue;
      const module = (await import(join(contracts, path))) as Record<string, { kind?: string }>;
      const file = Object.values(module).find(({ kind }) => kind === 'file') as DescFile;
      for (const type of nestedTypes(file)) {
        if (type.kind !== 'message') continue;
        for (const field of type.fields) {
          const rules = JSON.stringify(toJson(FieldRulesSchema, getOption(field, fieldRules)));
          JSON.parse(rules, (key, value: unknown) => {
            if (key === 'pattern') patterns.set(String(value), field.toString());
            if (key === 'notIn' && isTexts(value)) reserved.set(value.join(), field.toString());
            return value;
          });
        }
      }
    }
  });

  test('has its words in text_rules.proto, and nothing else has', () => {
    expect(new Set(wordsOfPatterns.keys())).toEqual(new Set(patterns.keys()));
    expect(new Set(wordsOfReserved.keys())).toEqual(new Set(reserved.keys()));
    const words = [...wordsOfPatterns.values(), ...wordsOfReserved.values()];
    expect(words.every((each) => each.startsWith('must '))).toBe(true);
  });
});

/** Whether it is a list of texts that aren't numbers: 64-bit integers are strings in JSON. */
function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => Number.isNaN(Number(each)));
}
