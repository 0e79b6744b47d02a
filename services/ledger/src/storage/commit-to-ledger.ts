import { transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool } from 'pg';
import type { CommitToLedger, MemberName, Needs, RecordedEntry } from '../app/ledger-store.ts';
import type { Instant } from '../domain/instant.ts';
import { holdLedger, type LedgerChanges } from './held-ledger.ts';
import { lockLedger } from './lock-ledger.ts';
import { createMembershipIds, type MembershipIds, memberKey } from './membership-ids.ts';
import { storageError } from './storage-error.ts';
import { writeLedger } from './write-ledger.ts';

/**
 * The ledger's one write path: lock and read in one round trip, decide in memory, write and commit in another.
 *
 * An earn is looked up under its member's lock and then inserted, instead of being claimed first and completed
 * later: each row is written once. Only two earns of one transaction by different users can pass the look-up
 * together; the primary key stops the second, whose transaction is run again and finds the first.
 */
export function createCommitToLedger(deps: {
  pool: Pool;
  /** The batch of events that a transaction's journal lines are announced with. */
  encodeEvents: (entries: readonly RecordedEntry[]) => Uint8Array;
  clock: () => Instant;
  /** Called after every commit that left something in the outbox. */
  wakeRelay: () => void;
}): CommitToLedger {
  const ids = createMembershipIds(deps.pool);
  return async (needs, decide) => {
    try {
      const membershipIds = await ids.find(needs.map(({ member }) => member));
      const newMembershipIds = await makeIds(ids, needs, membershipIds);
      const changes = await transaction(deps.pool, async (tx) => {
        const loaded = await lockLedger(tx, needs, { membershipIds, newMembershipIds });
        const { held, changes: decided } = holdLedger(loaded, deps.clock());
        decide(held);
        const decidedChanges = decided();
        const { entries } = decidedChanges;
        const batch = entries.length > 0 ? deps.encodeEvents(entries) : undefined;
        await writeLedger(tx, decidedChanges, batch);
        return decidedChanges;
      });
      rememberOpened(ids, changes);
      if (changes.entries.length > 0) deps.wakeRelay();
    } catch (error) {
      throw storageError(error);
    }
  };
}

/** Ids for those who may join and aren't members yet. */
async function makeIds(
  ids: MembershipIds,
  needs: readonly Needs[],
  known: ReadonlyMap<string, bigint>,
): Promise<Map<string, bigint>> {
  const joining = new Map<string, MemberName>();
  for (const { member, mayJoin } of needs) {
    const key = memberKey(member);
    if (mayJoin === true && !known.has(key)) joining.set(key, member);
  }
  if (joining.size === 0) return new Map();
  const made = await ids.make(joining.size);
  return new Map([...joining.keys()].map((key, index) => [key, made[index] as bigint]));
}

function rememberOpened(ids: MembershipIds, { accounts }: LedgerChanges): void {
  for (const { before, after } of accounts) {
    if (before === undefined) ids.remember(after.membership, after.membership.membershipId);
  }
}
