import { fromBinary, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { aPurchase, evaluateFor, ruleSet } from '../test/example.ts';
import { countedPurchaseOf } from './counted-purchase.ts';
import { differingFields, fingerprintPurchase } from './fingerprint.ts';
import type { Purchase } from './language.ts';
import { decodeTransaction, encodeTransaction } from './transaction-encoding.ts';

const BOUGHT = aPurchase({
  channel: 'store',
  attributes: { store: 'paris', till: '4' },
  items: [
    {
      itemId: '1',
      sku: 'cab-2019',
      categories: ['wine', 'red'],
      quantity: 2,
      amount: { currencyCode: 'USD', minorUnits: '9007199254740991' },
    },
  ],
});

test('what is kept of a transaction is all of it', () => {
  const kept = decodeTransaction(encodeTransaction(BOUGHT));
  expect(kept).toEqual(BOUGHT);
  expect(fingerprintPurchase('alice', kept)).toEqual(fingerprintPurchase('alice', BOUGHT));
});

test('fields of a later version are kept as well', () => {
  // Field 1000, a varint of 7, which this version knows nothing of.
  const unknown = Uint8Array.of(0xc0, 0x3e, 0x07);
  const later = Uint8Array.of(...toBinary(TransactionSchema, BOUGHT), ...unknown);
  const kept = encodeTransaction(decodeTransaction(later));
  expect(fromBinary(TransactionSchema, kept).$unknown).toMatchObject([{ no: 1000 }]);
});

test('in what is kept, an amount without a number is 0, for rules, conditions and comparisons alike', () => {
  const costing = (amount: JsonObject) =>
    aPurchase({ amount, items: [{ itemId: '1', sku: 'gift', quantity: 1, amount }] });
  const free = costing({ currencyCode: 'USD', minorUnits: '0' });
  const kept = decodeTransaction(toBinary(TransactionSchema, costing({ currencyCode: 'USD' })));
  const content = (of: Purchase) => ({ userId: 'alice', purchase: of });
  expect(differingFields(content(free), content(kept))).toEqual([]);
  expect(fingerprintPurchase('alice', kept)).toEqual(fingerprintPurchase('alice', free));
  expect(countedPurchaseOf(kept)).toEqual(countedPurchaseOf(free));
  const condition = 'transaction.amount.minor_units == 0';
  const fixed = { points: '7' };
  const rules = ruleSet({ earnRules: [{ ruleId: 'free', fixed, condition }] });
  expect(evaluateFor(rules, kept).points).toBe(7n);
});

test('bytes that are no transaction are refused', () => {
  expect(() => decodeTransaction(Uint8Array.of(0x0a, 0x7f))).toThrow(RangeError);
});
