import { describe, expect, test } from '@jest/globals';
import {
  earnPosition,
  entryPosition,
  holdPosition,
  memberPosition,
  statementPosition,
} from './positions.ts';

const yearOneMs = Date.parse('0001-01-01T00:00:00.000Z');
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

describe('positions of members', () => {
  test.each([yearOneMs, -1, 0, lastMs])('are found again if they joined at %d', (joinTime) => {
    const position = { joinTime, userId: 'alice' };
    expect(memberPosition.fromTexts(memberPosition.toTexts(position))).toEqual(position);
  });

  test('are not after the year 9999', () => {
    const texts = memberPosition.toTexts({ joinTime: lastMs + 1, userId: 'alice' });
    expect(memberPosition.fromTexts(texts)).toBeUndefined();
  });
});

test.each(['253402300800000', '8640000000000000'])(
  'no hold, earn or entry is at an instant after the year 9999: %s',
  (instant) => {
    expect(holdPosition.fromTexts([instant, 'r-1'])).toBeUndefined();
    expect(earnPosition.fromTexts([instant, 't-1'])).toBeUndefined();
    expect(entryPosition.fromTexts([instant, '1', '1'])).toBeUndefined();
  },
);

test('a page of a statement ends before the statement does', () => {
  const position = { sequence: 4n, past: 5n, asOf: 1_000 };
  expect(statementPosition.fromTexts(statementPosition.toTexts(position))).toEqual(position);
  for (const texts of [
    ['5', '5', '1000'],
    ['4', String(2n ** 63n), '1000'],
    ['4', '5', '253402300800000'],
    ['4', '5', '1000', '1'],
    ['4'],
  ]) {
    expect(statementPosition.fromTexts(texts)).toBeUndefined();
  }
});

test('no entry has an id or a number beyond 64 bits', () => {
  const largest = String(2n ** 63n - 1n);
  const beyond = String(2n ** 63n);
  expect(entryPosition.fromTexts(['0', largest, largest])).toBeDefined();
  expect(entryPosition.fromTexts(['0', beyond, '1'])).toBeUndefined();
  expect(entryPosition.fromTexts(['0', '1', beyond])).toBeUndefined();
});
