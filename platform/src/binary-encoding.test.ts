import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { EarnRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { BalanceSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import {
  type Transaction,
  TransactionSchema,
} from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { contractMessages, randomMessage } from '../test/random-message.ts';
import { encoderOf } from './binary-encoding.ts';

function byLibrary<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>): Buffer {
  return Buffer.from(toBinary(desc, create(desc, init)));
}

/** What a message could have been created of: without its type, and without the fields that aren't set. */
function initOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(initOf);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).filter(([name]) => name !== '$typeName');
  return Object.fromEntries(entries.map(([name, inner]) => [name, initOf(inner)]));
}

test('every message of the contracts has the same bytes as by the library', () => {
  let bytes = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...contractMessages),
      fc.infiniteStream(fc.nat()),
      (desc, naturals) => {
        const message = randomMessage(desc, (below) => naturals.next().value % below);
        const expected = byLibrary(desc, message as MessageInitShape<DescMessage>);
        const encode = encoderOf<DescMessage>(desc);
        bytes += expected.length;
        expect(encode(message).equals(expected)).toBe(true);
        expect(encode(initOf(message) as MessageInitShape<DescMessage>).equals(expected)).toBe(
          true,
        );
      },
    ),
    { numRuns: 4_000 },
  );
  expect(bytes).toBeGreaterThan(100_000);
});

test('numbers at their limits, long texts and texts that are none have the same bytes', () => {
  for (const available of [
    0n,
    1n,
    127n,
    128n,
    2n ** 31n,
    2n ** 53n,
    2n ** 63n - 1n,
    -1n,
    -(2n ** 63n),
  ]) {
    expect(encoderOf(BalanceSchema)({ available })).toEqual(
      byLibrary(BalanceSchema, { available }),
    );
  }
  for (const userId of [
    'é',
    'x'.repeat(127),
    'x'.repeat(128),
    '漢'.repeat(20_000),
    '\ud800',
    '🍷',
  ]) {
    expect(encoderOf(EarnRequestSchema)({ userId })).toEqual(
      byLibrary(EarnRequestSchema, { userId }),
    );
  }
});

test('a field that is not known keeps its place in a message, and in one within it', () => {
  const unknown = [{ no: 1000, wireType: 2, data: new Uint8Array([1, 7]) }];
  const transaction: Transaction = { ...create(TransactionSchema), $unknown: unknown };
  const init = { userId: 'alice', transaction };
  expect(encoderOf(EarnRequestSchema)(init)).toEqual(byLibrary(EarnRequestSchema, init));
  expect(encoderOf(TransactionSchema)(transaction)).toEqual(
    byLibrary(TransactionSchema, transaction),
  );
});

test.each([2n ** 63n, -(2n ** 63n) - 1n, 1 as unknown as bigint, 'x' as unknown as bigint])(
  'a value that is no integer of 64 bits is refused with the name of its field: %s',
  (available) => {
    expect(() => encoderOf(BalanceSchema)({ available })).toThrow(
      'loyalty.ledger.v1.Balance.available',
    );
  },
);

test('after a message that could not be encoded, and after a large one, the next is whole', () => {
  const encode = encoderOf(EarnRequestSchema);
  const minorUnits = 2n ** 64n;
  expect(() => encode({ userId: 'alice', transaction: { amount: { minorUnits } } })).toThrow(
    'minor_units',
  );
  expect(encode({ userId: 'x'.repeat(3_000_000) })).toHaveLength(3_000_005);
  expect(encode({ userId: 'bob' })).toEqual(byLibrary(EarnRequestSchema, { userId: 'bob' }));
});
