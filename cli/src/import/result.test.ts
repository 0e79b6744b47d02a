import { describe, expect, test } from '@jest/globals';
import { Rejections } from './rejections.ts';
import { countDone, describeResult, emptyResult } from './result.ts';

const done = { kind: 'done', points: 5n, replayed: false, doneMs: 0 } as const;

function wording(changes: Partial<Parameters<typeof describeResult>[1]> = {}) {
  return {
    pointsName: 'tokens',
    rejections: new Rejections(),
    rejectedFile: { path: undefined, write: () => undefined, close: () => undefined },
    refunds: false,
    equalCount: undefined,
    ...changes,
  };
}

describe('the result', () => {
  test('has the points, and lines by what became of them', () => {
    const result = emptyResult();
    for (let line = 0; line < 1_500; line += 1) countDone(result, done, { isRefund: false });
    countDone(result, { ...done, replayed: true }, { isRefund: false });
    expect(describeResult(result, wording()).split('\n')).toEqual([
      'posted        1,500  7,500 tokens',
      'known before      1  and not credited again',
      'rejected          0',
    ]);
  });

  test('has refunds where they were asked for, and lines that others repeat', () => {
    const result = { ...emptyResult(), repeated: 2 };
    countDone(result, done, { isRefund: true });
    countDone(result, { ...done, points: 0n, waits: true }, { isRefund: true });
    expect(describeResult(result, wording({ refunds: true })).split('\n')).toEqual([
      'posted        0  0 tokens',
      'refunded      1  5 tokens taken back',
      'waiting       1  for purchases not known yet',
      'known before  0',
      'repeated      2  the same as earlier lines',
      'rejected      0',
    ]);
  });

  test('names the first rejected lines in their order, those of one kind together, and their file', () => {
    const rejections = new Rejections();
    for (const line of [4, 2, 3, 7])
      rejections.add({ line, lastLine: line, problem: 'is \u{1b}bad' });
    rejections.add({ line: 5, lastLine: 6, problem: 'is worse' });
    const rejectedFile = { ...wording().rejectedFile, path: 'shop.rejected.csv' };
    expect(
      describeResult(emptyResult(), wording({ rejections, rejectedFile })).split('\n'),
    ).toEqual([
      'posted        0  0 tokens',
      'known before  0',
      'rejected      5  in shop.rejected.csv',
      'lines 2 to 4: is \\u{1b}bad',
      'lines 5 to 6: is worse',
      'line 7: is \\u{1b}bad',
    ]);
  });

  test('says so when it leaves out rejected lines', () => {
    const rejections = new Rejections();
    for (let line = 2; line < 2_000; line += 1) {
      rejections.add({ line, lastLine: line, problem: `is no ${line}` });
    }
    const lines = describeResult(emptyResult(), wording({ rejections })).split('\n');
    expect(lines).toHaveLength(3 + 20 + 1);
    expect(lines.at(-2)).toBe('line 21: is no 21');
    expect(lines.at(-1)).toBe('… and more');
  });

  test('says what lines without ids can not have', () => {
    const note = (equalCount: number) =>
      describeResult(emptyResult(), wording({ equalCount })).split('\n').at(-1);
    expect(note(0)).toMatch(/^No column has ids, .*: no two are equal\. /);
    expect(note(1_200)).toMatch(/: 1,200 equal an earlier one and count as further purchases\. /);
  });
});
