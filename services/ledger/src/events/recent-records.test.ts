import { describe, expect, test } from '@jest/globals';
import type { JournalRecord } from '../app/journal-reader.ts';
import { createRecentRecords } from './recent-records.ts';

/** `count` records, of purchases with `items` items each. */
function records(count: number, items = 0): JournalRecord[] {
  const earn = { purchase: { items: Array.from({ length: items }) } };
  return Array.from({ length: count }, () => ({ earn }) as unknown as JournalRecord);
}

describe('the records of recent commits', () => {
  test('are there once', () => {
    const recent = createRecentRecords();
    const first = records(2);
    recent.put(1n, first);
    recent.put(2n, records(1));
    expect(recent.take(1n)).toBe(first);
    expect(recent.take(1n)).toBeUndefined();
    expect(recent.take(2n)).toHaveLength(1);
    expect(recent.take(3n)).toBeUndefined();
  });

  test('of the oldest make room for those of more commits than are kept', () => {
    const recent = createRecentRecords();
    for (let id = 1n; id <= 200n; id += 1n) recent.put(id, records(1));
    expect(recent.take(72n)).toBeUndefined();
    expect(recent.take(73n)).toHaveLength(1);
    expect(recent.take(200n)).toHaveLength(1);
  });

  test('of the oldest make room for large ones', () => {
    const recent = createRecentRecords();
    recent.put(1n, records(500, 5));
    recent.put(2n, records(500, 5));
    recent.put(3n, records(500, 5));
    expect(recent.take(1n)).toBeUndefined();
    expect(recent.take(2n)).toHaveLength(500);
    // What was taken leaves its room.
    recent.put(4n, records(500, 5));
    expect(recent.take(3n)).toHaveLength(500);
    expect(recent.take(4n)).toHaveLength(500);
  });

  test('aren’t kept where they alone would be too many', () => {
    const recent = createRecentRecords();
    recent.put(1n, records(1));
    recent.put(2n, records(9_000));
    expect(recent.take(2n)).toBeUndefined();
    expect(recent.take(1n)).toHaveLength(1);
  });
});
