import { describe, expect, test } from '@jest/globals';
import { countOutcome, describeTally, emptyTally, isComplete } from './tally.ts';

const credited = (postTimeNs: bigint, replayed = true) =>
  ({ kind: 'credited', replayed, postTimeNs }) as const;

function tallyOf(...inputs: Partial<Parameters<typeof countOutcome>[1]>[]) {
  const tally = emptyTally();
  for (const [index, input] of inputs.entries()) {
    countOutcome(tally, {
      line: index + 2,
      outcome: credited(100n),
      isOnStream: true,
      isRepeated: false,
      postedSinceNs: 100n,
      ...input,
    });
  }
  return tally;
}

describe('the result of an import', () => {
  test('tells what this import credited from what was credited before', () => {
    const tally = tallyOf(
      { outcome: credited(99n) },
      { outcome: credited(100n) },
      { outcome: credited(101n) },
      { outcome: credited(50n, false) },
    );
    expect(tally).toMatchObject({ accepted: 4, posted: 3, duplicates: 1 });
    expect(isComplete(tally)).toBe(true);
  });

  test('counts all as credited before when nothing new was found', () => {
    const tally = tallyOf({ postedSinceNs: undefined });
    expect(tally).toMatchObject({ posted: 0, duplicates: 1 });
  });

  test('counts the second line of a transaction as a duplicate', () => {
    const tally = tallyOf({}, { isRepeated: true });
    expect(tally).toMatchObject({ posted: 1, duplicates: 1 });
  });

  test('is not complete while lines wait or were refused', () => {
    const suspended = { kind: 'refused', reason: 'PROGRAM_NOT_ACTIVE', message: 'x' } as const;
    const waiting = tallyOf({ outcome: suspended });
    expect(waiting).toMatchObject({ accepted: 1, waiting: 1, rejected: [] });
    expect(isComplete(waiting)).toBe(false);
    const refused = tallyOf({ outcome: suspended, isOnStream: false });
    expect(refused).toMatchObject({ accepted: 1, waiting: 0, rejected: [{ line: 2 }] });
    expect(isComplete(refused)).toBe(false);
  });

  test('reads well', () => {
    const tally = tallyOf(...Array.from({ length: 1234 }, () => ({})));
    tally.rejected.push(
      { line: 9, problem: 'not in UTF-8' },
      { line: 7, problem: '3 fields instead of 4' },
      { line: 8, problem: '3 fields instead of 4' },
    );
    expect(describeTally(tally)).toBe(
      [
        'accepted    1,234',
        'posted      1,234',
        'duplicates      0',
        'rejected        3',
        'lines 7 to 8: 3 fields instead of 4',
        'line 9: not in UTF-8',
      ].join('\n'),
    );
  });
});
