import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from '@jest/globals';
import { expectCostOfParsing } from '@loyalty/local/linear-time.ts';
import {
  BatchEarnRequestSchema,
  EarnRequestSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { accessOf } from './auth/access.ts';
import { idsInBinary, readBinaryMessage } from './binary-message.ts';
import { ValidationFailed } from './errors.ts';

function violationsOf(desc: DescMessage, bytes: Uint8Array) {
  try {
    readBinaryMessage(desc, bytes);
  } catch (error) {
    if (error instanceof ValidationFailed) return error.violations;
    throw error;
  }
  return [];
}

function many<Item>(length: number, item: Item): Item[] {
  return Array.from({ length }, () => item);
}

const earnOf = (categories: number) => ({
  transaction: {
    channel: 'c'.repeat(20_000),
    items: [{ itemId: 'a' }, { itemId: 'b', categories: many(categories, 'c') }],
    attributes: { a: 'b' },
  },
});

/** The field of a number again and again, with the same bytes in it. */
function fieldsOf(count: number, number: number, content: Uint8Array = new Uint8Array()) {
  const writer = new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content);
  const field = writer.finish();
  return Buffer.concat(many(count, field));
}

const earns = BatchEarnRequestSchema.field.earns.number;

describe('a large message', () => {
  test('is read as it is, up to the bounds of the contract', () => {
    const batch = create(BatchEarnRequestSchema, { earns: many(1000, earnOf(20)) });
    const bytes = toBinary(BatchEarnRequestSchema, batch);
    expect(bytes.length).toBeGreaterThan(1_000_000);
    expect(readBinaryMessage(BatchEarnRequestSchema, bytes)).toEqual(batch);
  });

  test('with a longer list is refused by the name of the list', () => {
    const inItem = create(BatchEarnRequestSchema, { earns: [{}, earnOf(21)] });
    expect(violationsOf(BatchEarnRequestSchema, toBinary(BatchEarnRequestSchema, inItem))).toEqual([
      { field: 'earns[1].transaction.items[1].categories', message: 'must have at most 20 items' },
    ]);
    expect(violationsOf(BatchEarnRequestSchema, fieldsOf(20_000, earns))).toEqual([
      { field: 'earns', message: 'must have at most 1000 items' },
    ]);
  });

  test('with lists that are long only together is refused as a whole', () => {
    const earnOfItems = (count: number) => ({ transaction: { items: many(count, {}) } });
    const batchOf = (count: number) =>
      toBinary(
        BatchEarnRequestSchema,
        create(BatchEarnRequestSchema, {
          earns: [...many(248, earnOfItems(200)), earnOfItems(count)],
        }),
      );
    expect(violationsOf(BatchEarnRequestSchema, batchOf(151))).toEqual([]);
    expect(violationsOf(BatchEarnRequestSchema, batchOf(152))).toEqual([
      {
        field: '',
        message: 'must have at most 50000 items and keys in all its lists and maps; split it',
      },
    ]);
  });

  test('may have some fields that are unknown or given again, but not very many', () => {
    const message = expect.stringContaining('at most 1000 fields that are unknown or given again');
    const refused = [{ field: '', message }];
    const content = new Uint8Array(20);
    expect(violationsOf(EarnRequestSchema, fieldsOf(1000, 1000, content))).toEqual([]);
    expect(violationsOf(EarnRequestSchema, fieldsOf(1001, 1000, content))).toEqual(refused);
    expect(violationsOf(EarnRequestSchema, fieldsOf(1001, 1, content))).toEqual([]);
    expect(violationsOf(EarnRequestSchema, fieldsOf(1002, 1, content))).toEqual(refused);
  });

  test('that is garbled is refused as fromBinary refuses it', () => {
    const batch = create(BatchEarnRequestSchema, { earns: [earnOf(1)] });
    const bytes = toBinary(BatchEarnRequestSchema, batch).subarray(0, -1);
    const errorOf = (read: () => unknown) => {
      try {
        return read();
      } catch (error) {
        return String(error);
      }
    };
    expect(errorOf(() => readBinaryMessage(BatchEarnRequestSchema, bytes))).toEqual(
      errorOf(() => fromBinary(BatchEarnRequestSchema, bytes)),
    );
  });

  test.each([
    ['empty items', BatchEarnRequestSchema, fieldsOf(500_000, earns)],
    ['unknown fields', BatchEarnRequestSchema, fieldsOf(300_000, 1000)],
    ['one field again and again', EarnRequestSchema, fieldsOf(500_000, 3)],
  ])('of %s is refused in a few milliseconds', (_what, desc, bytes) => {
    expectCostOfParsing({
      textOf: () => '',
      read: () => expect(violationsOf(desc, bytes)).toHaveLength(1),
      sizeMax: bytes.length,
    });
  });
});

test('the ids that decide who may call are found in a message that is refused', () => {
  const request = create(EarnRequestSchema, { programId: 'wine-dine', userId: 'alice' });
  const bytes = Buffer.concat([
    toBinary(EarnRequestSchema, request),
    fieldsOf(20_000, 1000),
    Buffer.of(0xff),
  ]);
  expect(idsInBinary(accessOf(LedgerService.method.earn), bytes)).toEqual({
    programId: 'wine-dine',
    userId: 'alice',
  });
});
