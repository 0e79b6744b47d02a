import { describe, expect, test } from '@jest/globals';
import { allocatedBytes } from './allocations.ts';

describe('the bytes allocated in a window', () => {
  test('are the growth of the heap when nothing was collected', () => {
    expect(allocatedBytes({ usedBytesAtBegin: 100, collections: [], usedBytesAtEnd: 350 })).toBe(
      250,
    );
  });

  test('include what collections have freed', () => {
    const collections = [
      { usedBytesBefore: 500, usedBytesAfter: 120 },
      { usedBytesBefore: 520, usedBytesAfter: 80 },
    ];
    expect(allocatedBytes({ usedBytesAtBegin: 100, collections, usedBytesAtEnd: 90 })).toBe(810);
  });

  test('are never reduced by a heap that shrank between two collections', () => {
    const collections = [{ usedBytesBefore: 90, usedBytesAfter: 50 }];
    expect(allocatedBytes({ usedBytesAtBegin: 100, collections, usedBytesAtEnd: 60 })).toBe(10);
  });
});
