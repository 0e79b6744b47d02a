import type { JournalRecord } from '../app/journal-reader.ts';

/** The records of recent commits, until the relay of this process publishes their events. */
export interface RecentRecords {
  put(outboxId: bigint, records: readonly JournalRecord[]): void;
  /** The rows of the outbox whose records are here. */
  ids(): bigint[];
  /** The records of a row of the outbox, once; undefined where they were never put, or had to make room for others. */
  take(outboxId: bigint): readonly JournalRecord[] | undefined;
}

interface Kept {
  readonly outboxId: bigint;
  readonly records: readonly JournalRecord[];
  readonly size: number;
}

const commitsMax = 128;
/** Records and the items of their purchases, of all commits together; bounds how much memory they take. */
const sizeMax = 8_000;

/**
 * Keeps the newest commits, a bounded number of them, in a ring whose places are emptied: what passes through a `Map` lives
 * until the old objects are collected.
 */
export function createRecentRecords(): RecentRecords {
  const places = Array.from<Kept | undefined>({ length: commitsMax });
  let next = 0;
  let size = 0;

  function empty(index: number): void {
    size -= places[index]?.size ?? 0;
    places[index] = undefined;
  }

  return {
    put(outboxId, records) {
      const added = { outboxId, records, size: sizeOf(records) };
      if (added.size > sizeMax) return;
      empty(next);
      // From the oldest on.
      for (let age = 1; size + added.size > sizeMax; age += 1) empty((next + age) % commitsMax);
      places[next] = added;
      size += added.size;
      next = (next + 1) % commitsMax;
    },
    ids: () => places.flatMap((kept) => (kept === undefined ? [] : [kept.outboxId])),
    take(outboxId) {
      const index = places.findIndex((kept) => kept?.outboxId === outboxId);
      const records = places[index]?.records;
      if (records !== undefined) empty(index);
      return records;
    },
  };
}

function sizeOf(records: readonly JournalRecord[]): number {
  let size = records.length;
  for (const { earn } of records) size += earn?.purchase.items.length ?? 0;
  return size;
}
