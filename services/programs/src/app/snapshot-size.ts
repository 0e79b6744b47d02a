import { LimitExceeded } from '@loyalty/rules/limit-exceeded.ts';
import type { LockedProgram } from './program-store.ts';

/**
 * What all definitions in a snapshot may take as JSON, in bytes. As a message they take less, and the ledger receives
 * messages of up to 4 MiB.
 */
const snapshotBytesMax = 3 * 1024 * 1024;

export interface Growth {
  /** A definition that the snapshot is about to have. */
  readonly added: Readonly<Record<string, unknown>>;
  /** The one in its place so far. */
  readonly removed?: Readonly<Record<string, unknown>>;
}

/**
 * Refuses a change that would make the program's snapshot too large to be sent. One that makes it smaller is always fine.
 *
 * @throws {LimitExceeded}
 */
export async function requireRoomInSnapshot(
  locked: LockedProgram,
  { added, removed }: Growth,
): Promise<void> {
  const growth = bytesOf(added) - (removed === undefined ? 0 : bytesOf(removed));
  if (growth <= 0) return;
  if ((await locked.snapshotBytes()) + growth <= snapshotBytesMax) return;
  throw new LimitExceeded(
    `The published rule sets of a program, withdrawn ones included, and its rewards may take ${snapshotBytesMax} bytes together; shorten the rules or metadata`,
    { metadata: { limit: String(snapshotBytesMax) } },
  );
}

function bytesOf(json: Readonly<Record<string, unknown>>): number {
  return Buffer.byteLength(JSON.stringify(json));
}
