import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import { findTransactionId } from './find-transaction-id.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('in JSON that can’t be read, the transaction is found', () => {
  test.each([
    ['beside an unknown field', '{"foo":1,"transaction":{"transactionId":"t1","bar":2}}'],
    ['by its proto name', '{"transaction":{"transaction_id":"t1"},"x":1}'],
    [
      'behind a byte order mark and spaces',
      '\ufeff \n{"transaction":{"transactionId":"t1"},"x":1}',
    ],
    ['where its end is missing', '{"transaction":{"transactionId":"t1","occurTime":"2026'],
    ['where a comma is missing', '{"userId":"u" "transaction":{"transactionId" : "t1"}}'],
    ['in the wrong place', '{"transactionId":"t1"}'],
    [
      'and not taken for an attribute',
      '{"transaction":{"attributes":{"transactionId":"no"},"transactionId":"t1"},"x":1}',
    ],
  ])('%s', (_, text) => {
    expect(findTransactionId('earn', bytesOf(text))).toBe('t1');
  });

  test('beside bytes that are no text', () => {
    const text = '{"transaction":{"transactionId":"t1","channel":"\xff"}}';
    expect(findTransactionId('earn', Buffer.from(text, 'latin1'))).toBe('t1');
  });

  test('with its escapes', () => {
    const text = '{"transaction":{"transactionId":"a\\"\\u00e9/b"},,}';
    expect(findTransactionId('earn', bytesOf(text))).toBe('a"é/b');
  });

  test('for a refund at the top', () => {
    const text = '{"refundId":"r1","transactionId":"t1","fulll":{}}';
    expect(findTransactionId('refund', bytesOf(text))).toBe('t1');
  });

  test.each([
    '{}',
    '{"transactionId":7}',
    '{"transactionId":"',
    '{"transactionId":"\\x"}}',
    '{"transaction":[]}',
    '{"transactionId":""',
  ])('unless it isn’t there: %s', (text) => {
    expect(findTransactionId('earn', bytesOf(text))).toBeUndefined();
  });
});

describe('in protobuf that can’t be read, the transaction is found', () => {
  const earn = toBinary(
    EarnRequestedSchema,
    create(EarnRequestedSchema, {
      programId: 'wine-dine',
      userId: 'alice',
      transaction: {
        transactionId: 't1',
        amount: { currencyCode: 'USD', minorUnits: 1n },
        channel: 'store',
      },
    }),
  );

  test('wherever it is cut off behind it', () => {
    const start = Buffer.from(earn).indexOf('t1') + 2;
    for (let end = start; end <= earn.length; end++) {
      expect(findTransactionId('earn', earn.subarray(0, end))).toBe('t1');
    }
    for (let end = 0; end < start; end++) {
      expect(findTransactionId('earn', earn.subarray(0, end))).toBeUndefined();
    }
  });

  test('before garbage', () => {
    const garbled = Uint8Array.of(...earn, 0xff, 0xff, 0xff);
    expect(findTransactionId('earn', garbled)).toBe('t1');
  });

  test('for a refund in a field of its own', () => {
    const event = { programId: 'wine-dine', transactionId: 't1', refundId: 'r1' };
    const refund = toBinary(RefundRequestedSchema, create(RefundRequestedSchema, event));
    expect(findTransactionId('refund', refund.subarray(0, refund.length - 1))).toBe('t1');
  });

  test.each(['', 'poison', '\u00ff\u00fe\u0000garbage', '\u001a', '\u001a\u0005\u000a'])(
    'unless it isn’t there: %j',
    (text) => {
      expect(findTransactionId('earn', Buffer.from(text, 'latin1'))).toBeUndefined();
    },
  );
});
