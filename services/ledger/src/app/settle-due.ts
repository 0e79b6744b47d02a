import type { Instant } from '../domain/instant.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { LedgerReader } from './ledger-store.ts';

/**
 * Writes what time has brought about for members whom nobody touches: maturity, the end of holds, expiry. Answers how
 * many memberships it settled, at most `limit` and fewer where they have many holds; 0 means that none is due. Two replicas
 * may pick the same ones: the second finds nothing left to write.
 *
 * @throws what {@link CommitQueue.submit} throws
 */
export type SettleDueUseCase = (limit: number) => Promise<number>;

export function createSettleDue(deps: {
  reader: LedgerReader;
  queue: CommitQueue;
  clock: () => Instant;
}): SettleDueUseCase {
  return async (limit) => {
    const due = await deps.reader.due({ now: deps.clock(), limit });
    await Promise.all(
      due.map((membershipId) =>
        deps.queue.submit({
          needs: { membershipId },
          decide: (locked) => locked.bringUpToDateById(membershipId),
        }),
      ),
    );
    return due.length;
  };
}
