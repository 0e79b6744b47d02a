import { describe, expect, test } from '@jest/globals';
import { ValidationFailed } from './errors.ts';
import {
  decodePageToken,
  encodePageToken,
  instantPosition,
  pageSize,
  sequencePosition,
  textPosition,
} from './paging.ts';

const filter = { program_id: 'wine-dine', kind: undefined, user_id: 'alice' };
const list = { filter, position: textPosition };

describe('page tokens', () => {
  test('lead to where the page before ended', () => {
    const position = 'order-1';
    expect(decodePageToken(encodePageToken(position, list), list)).toBe(position);
    const sequences = { filter, position: sequencePosition };
    const largest = 2n ** 63n - 1n;
    expect(decodePageToken(encodePageToken(largest, sequences), sequences)).toBe(largest);
    const instants = { filter, position: instantPosition };
    const latest = 253_402_300_799_999;
    expect(decodePageToken(encodePageToken(latest, instants), instants)).toBe(latest);
  });

  test('an empty one is the first page', () => {
    expect(decodePageToken('', list)).toBeUndefined();
  });

  test('do not depend on the order in which the filter is written', () => {
    const token = encodePageToken('order-1', list);
    const reordered = { ...list, filter: { user_id: 'alice', program_id: 'wine-dine' } };
    expect(decodePageToken(token, reordered)).toBe('order-1');
  });

  test.each([
    ['another filter', encodePageToken('a', { ...list, filter: { ...filter, user_id: 'bob' } })],
    ['a truncated token', encodePageToken('order-1', list).slice(0, -4)],
    ['a token with a space behind it', `${encodePageToken('order-1', list)} `],
    ['a token with padding', `${encodePageToken('order-1', list)}==`],
    ['a token with a digit too many', `${encodePageToken('order-1', list)}A`],
    ['a token with more in its middle', encodePageToken('order-1', list).replace(/^..../, '$&.')],
    ['a changed position', Buffer.from('["0000000000000000","1"]').toString('base64url')],
    ['no JSON', 'hello'],
    ['no list', Buffer.from('{"a":1}').toString('base64url')],
    ['no text', Buffer.from('[null, 1]').toString('base64url')],
    ['an endless one', 'A'.repeat(1_000_000)],
  ])('refuse %s by the name of the field', (_, token) => {
    const decode = () => decodePageToken(token, list);
    expect(decode).toThrow(ValidationFailed);
    expect(decode).toThrow(/^page_token: /);
  });

  // Anyone can compute the sum of a token.
  function forged(texts: readonly string[]): string {
    const position = { toTexts: () => texts, fromTexts: () => undefined };
    return encodePageToken(undefined, { filter, position });
  }

  test.each([[['']], [[]], [['a', 'b']], [['a\0b']], [['\ud800']]])(
    'refuse a forged text: %j',
    (texts) => {
      expect(() => decodePageToken(forged(texts), list)).toThrow(/^page_token: /);
    },
  );

  test.each([
    [['']],
    [[]],
    [['1', '2']],
    [['abc']],
    [['-1']],
    [['01']],
    [['1e3']],
    [['0x10']],
    [[' 1']],
    [['1.0']],
    [['9223372036854775808']],
    [['99999999999999999999999']],
  ])('refuse a forged number: %j', (texts) => {
    for (const position of [sequencePosition, instantPosition]) {
      expect(() => decodePageToken<number | bigint>(forged(texts), { filter, position })).toThrow(
        /^page_token: /,
      );
    }
  });

  test.each([['253402300800000'], ['8640000000000000']])(
    'refuse an instant after the year 9999, which neither a timestamp nor the database has: %s',
    (text) => {
      const instants = { filter, position: instantPosition };
      expect(() => decodePageToken(forged([text]), instants)).toThrow(/^page_token: /);
    },
  );
});

test.each([
  [0, 50],
  [1, 1],
  [500, 500],
  [501, 500],
  [2_147_483_647, 500],
])('a page of %d items is answered with %d', (requested, answered) => {
  expect(pageSize(requested)).toBe(answered);
});

test('a negative page size is refused', () => {
  expect(() => pageSize(-1)).toThrow('page_size: must not be negative');
});
