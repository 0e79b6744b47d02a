import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import { payloadText } from './payload-text.ts';

const earnSubject = 'loyalty.earn.v1.wine-dine';
const json = 'application/json; charset=utf-8';
const textOf = (payload: string | Uint8Array, contentType = '', subject = earnSubject) =>
  payloadText({ subject, contentType, payload: Buffer.from(payload) });

describe('a payload is shown', () => {
  test('decoded from protobuf, as what its subject says', () => {
    const refund = { programId: 'wine-dine', transactionId: 'order-1', refundId: 'r1' };
    const payload = toBinary(
      RefundRequestedSchema,
      create(RefundRequestedSchema, { ...refund, extent: { case: 'full', value: {} } }),
    );
    const { title, lines } = textOf(payload, '', 'loyalty.refund.v1.wine-dine');
    expect(title).toBe(`RefundRequested, from protobuf, ${payload.length} bytes`);
    expect(JSON.parse(lines.join('\n'))).toEqual({ ...refund, full: {} });
  });

  test('decoded from JSON, in whichever form it has its numbers and names', () => {
    const amount = '{"currency_code":"USD","minorUnits":"25000"}';
    const { title, lines } = textOf(`{"transaction":{"amount":${amount}}}`, json);
    expect(title).toBe('EarnRequested, from JSON, 71 bytes');
    expect(JSON.parse(lines.join('\n'))).toEqual({
      transaction: { amount: { currencyCode: 'USD', minorUnits: '25000' } },
    });
  });

  test('as its text where that can’t be decoded', () => {
    const { title, lines } = textOf('{"userId":\n "ann"', json);
    expect(title).toBe("can't be decoded as EarnRequested, 17 bytes");
    expect(lines).toEqual(['{"userId":', ' "ann"']);
  });

  test('as its text where a producer forgot to say that it is JSON', () => {
    expect(textOf('{"userId":1}').lines).toEqual(['{"userId":1}']);
  });

  test('as its bytes where it is anything else', () => {
    expect(textOf(Buffer.from([0xff, 0x41, 0x1b, 0x00])).lines).toEqual([
      `000000  ff 41 1b 00${' '.repeat(36)}  .A..`,
    ]);
  });

  test('without anything that a terminal would act on', () => {
    const userId = '\u{1b}[31mred\u{202e}';
    const payload = toBinary(EarnRequestedSchema, create(EarnRequestedSchema, { userId }));
    for (const { lines } of [textOf(payload), textOf(`{"x":"${userId}"`, json)]) {
      expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(lines.join('\n')).toContain('\\u{202e}');
    }
  });
});
