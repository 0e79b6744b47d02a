import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { transaction } from '../test/example.ts';
import { fingerprintTransaction } from './fingerprint.ts';
import { decodeTransaction, encodeTransaction } from './transaction-encoding.ts';

const BOUGHT = transaction({
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
  expect(fingerprintTransaction('alice', kept)).toEqual(fingerprintTransaction('alice', BOUGHT));
});

test('fields of a later version are kept as well', () => {
  // Field 1000, a varint of 7, which this version knows nothing of.
  const unknown = Uint8Array.of(0xc0, 0x3e, 0x07);
  const later = Uint8Array.of(...toBinary(TransactionSchema, BOUGHT), ...unknown);
  const kept = encodeTransaction(decodeTransaction(later));
  expect(fromBinary(TransactionSchema, kept).$unknown).toMatchObject([{ no: 1000 }]);
});

test('bytes that are no transaction are refused', () => {
  expect(() => decodeTransaction(Uint8Array.of(0x0a, 0x7f))).toThrow(RangeError);
});
