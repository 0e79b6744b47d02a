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

  test('of long values show where they begin to differ', () => {
    const [start, end] = ['x'.repeat(5_000), 'y'.repeat(5_000)];
    const [difference] = differences({ text: `${start}1${end}` }, { text: `${start}2${end}` });
    expect(difference?.before).toHaveLength(2_000);
    expect(difference?.before).toMatch(/^…x+1y+…$/);
    expect(difference?.after).toMatch(/^…x+2y+…$/);
  });

  test('of long values show their start and end where those differ', () => {
    const long = 'x'.repeat(5_000);
    const [first] = differences({ text: `1${long}` }, { text: `2${long}` });
    expect(first?.after).toMatch(/^"2x+…$/);
    const [last] = differences({ text: `${long}1` }, { text: `${long}2` });
    expect(last?.after).toMatch(/^…x+2"$/);
  });

  test('never end in half a character', () => {
    const [even] = differences(undefined, { text: '😀'.repeat(2_000) });
    const [odd] = differences(undefined, { text: `x${'😀'.repeat(2_000)}` });
    expect(even?.after.isWellFormed()).toBe(true);
    expect(odd?.after.isWellFormed()).toBe(true);
  });
});

describe('the differences of two rule sets', () => {
  const rule = (ruleId: string, points: number) => ({ ruleId, fixed: { points } });
  const fields = (before: object[] | undefined, after: object[]) =>
    differences(before && { earnRules: before }, { earnRules: after });

  test('are told rule by rule', () => {
    const before = [rule('kept', 1), rule('changed', 1), rule('removed', 1)];
    const after = [rule('added', 1), rule('kept', 1), rule('changed', 2)];
    expect(fields(before, after)).toEqual([
      { field: 'earnRules[added]', before: '', after: '{"fixed":{"points":1},"ruleId":"added"}' },
      {
        field: 'earnRules[changed]',
        before: '{"fixed":{"points":1},"ruleId":"changed"}',
        after: '{"fixed":{"points":2},"ruleId":"changed"}',
      },
      {
        field: 'earnRules[removed]',
        before: '{"fixed":{"points":1},"ruleId":"removed"}',
        after: '',
      },
    ]);
  });

  test('are all rules of a new one', () => {
    const names = fields(undefined, [rule('a', 1), rule('b', 1)]).map(({ field }) => field);
    expect(names).toEqual(['earnRules[a]', 'earnRules[b]']);
  });

  test('are the order alone, where nothing else changed', () => {
    expect(fields([rule('a', 1), rule('b', 1)], [rule('b', 1), rule('a', 1)])).toEqual([
      { field: 'earnRules', before: '["a","b"]', after: '["b","a"]' },
    ]);
  });
});
