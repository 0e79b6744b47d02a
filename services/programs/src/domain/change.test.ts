import { describe, expect, test } from '@jest/globals';
import { differences } from './change.ts';

describe('the differences of two records', () => {
  test('are the fields whose values differ, by name', () => {
    const before = { name: 'old', limits: { a: 1, b: 2 }, gone: true, same: 'x' };
    const after = { name: 'new', limits: { b: 2, a: 3 }, added: 7n, same: 'x' };
    expect(differences(before, after)).toEqual([
      { field: 'added', before: '', after: '7' },
      { field: 'gone', before: 'true', after: '' },
      { field: 'limits', before: '{"a":1,"b":2}', after: '{"a":3,"b":2}' },
      { field: 'name', before: '"old"', after: '"new"' },
    ]);
  });

  test('do not depend on the order of keys', () => {
    expect(differences({ map: { a: 1, b: 2 } }, { map: { b: 2, a: 1 } })).toEqual([]);
  });

  test('are found behind the place where long values are cut', () => {
    const start = 'x'.repeat(5_000);
    const [difference] = differences({ text: `${start}1` }, { text: `${start}2` });
    expect(difference?.after).toHaveLength(2_000);
    expect(difference?.after).toBe(difference?.before);
  });

  test('never end in half a character', () => {
    const [even] = differences(undefined, { text: '😀'.repeat(2_000) });
    const [odd] = differences(undefined, { text: `x${'😀'.repeat(2_000)}` });
    expect(even?.after.isWellFormed()).toBe(true);
    expect(odd?.after.isWellFormed()).toBe(true);
  });
});
