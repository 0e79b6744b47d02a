import { describe, expect, test } from '@jest/globals';
import { ValidationFailed } from './errors.ts';
import { decodePageToken, encodePageToken, pageSize } from './paging.ts';

const filter = { program_id: 'wine-dine', kind: undefined, user_id: 'alice' };
const position = ['2026-01-01T00:00:00Z', '9007199254740993'];

describe('page tokens', () => {
  test('lead to where the page before ended', () => {
    expect(decodePageToken(encodePageToken({ filter, position }), filter)).toEqual(position);
  });

  test('an empty one is the first page', () => {
    expect(decodePageToken('', filter)).toBeUndefined();
  });

  test('do not depend on the order in which the filter is written', () => {
    const token = encodePageToken({ filter, position });
    const reordered = { user_id: 'alice', program_id: 'wine-dine' };
    expect(decodePageToken(token, reordered)).toEqual(position);
  });

  test.each([
    ['another filter', encodePageToken({ filter: { ...filter, user_id: 'bob' }, position })],
    ['a truncated token', encodePageToken({ filter, position }).slice(0, -4)],
    ['a changed position', Buffer.from('["0000000000000000","1"]').toString('base64url')],
    ['no JSON', 'hello'],
    ['no list', Buffer.from('{"a":1}').toString('base64url')],
    ['no text', Buffer.from('[null, 1]').toString('base64url')],
    ['an endless one', 'A'.repeat(1_000_000)],
  ])('refuse %s by the name of the field', (_, token) => {
    const decode = () => decodePageToken(token, filter);
    expect(decode).toThrow(ValidationFailed);
    expect(decode).toThrow(/^page_token: /);
  });
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
