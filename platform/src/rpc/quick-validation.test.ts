import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import {
  BatchEarnRequestSchema,
  EarnRequestSchema,
  GetBalanceRequestSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { RedeemRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { contractMessages, randomMessage } from '../../test/random-message.ts';
import { quickValidatorOf } from './quick-validation.ts';

const member = { programId: 'wine-dine', userId: 'alice' };
const purchase = {
  transactionId: 'order-1',
  occurTime: { seconds: 1n },
  amount: { currencyCode: 'USD', minorUnits: 0n },
  items: [
    {
      itemId: '1',
      quantity: 2,
      categories: ['wine'],
      amount: { currencyCode: 'USD', minorUnits: 1n },
    },
  ],
  attributes: { store: '12' },
};

function isQuicklyValid<Desc extends DescMessage>(
  schema: Desc,
  init: MessageInitShape<Desc>,
): boolean {
  return quickValidatorOf(schema)(create(schema, init));
}

describe('a request that is in order is found to be so at once:', () => {
  test.each([
    [EarnRequestSchema, { ...member, transaction: purchase }],
    [
      BatchEarnRequestSchema,
      { programId: 'wine-dine', earns: [{ userId: 'a', transaction: purchase }] },
    ],
    [GetBalanceRequestSchema, member],
    [RedeemRequestSchema, { ...member, idempotencyKey: '1', rewardId: 'glass', quantity: 1 }],
  ])('%s', (schema, init) => {
    expect(isQuicklyValid<DescMessage>(schema, init)).toBe(true);
  });
});

describe('a request is left to the library that has', () => {
  const [item] = purchase.items;
  const many = (length: number) => Array.from({ length }, (_, index) => `${index + 1}`);

  test.each([
    ['more items than are allowed', { items: many(201).map((itemId) => ({ ...item, itemId })) }],
    ['more keys in a map', { attributes: Object.fromEntries(many(51).map((key) => [key, ''])) }],
    ['more texts in a list', { items: [{ ...item, categories: many(21) }] }],
  ])('%s', (_, excess) => {
    const transaction = { ...purchase, ...excess };
    expect(isQuicklyValid(EarnRequestSchema, { ...member, transaction })).toBe(false);
  });
});

test('what is found to be in order at once is so by the library, for every message of the contracts', () => {
  const library = createValidator({
    regexMatch: (pattern, against) => new RegExp(pattern, 'u').test(against),
  });
  let quick = 0;
  let slow = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...contractMessages),
      fc.infiniteStream(fc.nat()),
      (schema, naturals) => {
        const pick = (below: number) => naturals.next().value % below;
        const message = randomMessage(schema, pick);
        const { kind } = library.validate(schema, message);
        if (!quickValidatorOf(schema)(message)) {
          if (kind === 'valid') slow += 1;
          return;
        }
        quick += 1;
        expect(kind).toBe('valid');
      },
    ),
    { numRuns: 8_000 },
  );
  // Both happen, or the comparison would say nothing; the library has to be asked about few.
  expect(quick).toBeGreaterThan(1000);
  expect(slow).toBeLessThan(quick / 5);
});
