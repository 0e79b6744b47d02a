/** The used size of the JavaScript heap around a collection. */
export interface Collection {
  readonly usedBytesBefore: number;
  readonly usedBytesAfter: number;
}

/**
 * The bytes allocated in a window: V8 doesn't count them, but the used heap grows only by allocating, from one
 * collection to the next. Memory that is freed between two collections, by lazy sweeping, makes it an understatement.
 */
export function allocatedBytes(window: {
  usedBytesAtBegin: number;
  collections: readonly Collection[];
  usedBytesAtEnd: number;
}): number {
  let used = window.usedBytesAtBegin;
  let sum = 0;
  for (const { usedBytesBefore, usedBytesAfter } of window.collections) {
    sum += Math.max(usedBytesBefore - used, 0);
    used = usedBytesAfter;
  }
  return sum + Math.max(window.usedBytesAtEnd - used, 0);
}
