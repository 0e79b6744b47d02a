import { transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Pool } from 'pg';
import type { JournalRecord } from '../app/journal-reader.ts';
import type {
  CommitToLedger,
  MemberName,
  Needs,
  PurchaseName,
  RecordedEntry,
} from '../app/ledger-store.ts';
import { recordsOf } from './changed-records.ts';
import { type Locks, lockLedger } from './lock-ledger.ts';
import { type LedgerChanges, lockedLedger } from './locked-ledger.ts';
import { createMembershipIds, type MembershipIds, memberKey } from './membership-ids.ts';
import { perRow } from './plan-forms.ts';
import type { StoredRuleNames } from './rule-names.ts';
import { storageError } from './storage-errors.ts';
import { writeLedger } from './write-ledger.ts';

/**
 * The ledger's one write path: lock and read in one round trip, decide in memory, write and commit in another.
 *
 * An earn is looked up under its member's lock and then inserted, instead of being claimed first and completed
 * later: each row is written once. Only two earns of one purchase by different users can pass the look-up
 * together; the primary key stops the second, whose database transaction is run again and finds the first.
 */
export function createCommitToLedger(deps: {
  pool: Pool;
  /** Encodes the keys of journal entries for their row of the outbox. */
  encodeKeys: (entries: readonly RecordedEntry[]) => Uint8Array;
  clock: () => Instant;
  ruleNames: Pick<StoredRuleNames, 'has'>;
  /** Called after every commit that left something in the outbox. */
  announce: (announced: Announced) => void;
}): CommitToLedger {
  const ids = createMembershipIds(deps.pool);
  return async (commands, { waits }) => {
    const needs = commands.map((command) => command.needs);
    try {
      const locks = await findLocks({ pool: deps.pool, ids }, needs);
      const { outcomes, changes, outboxId } = await transaction(deps.pool, async (tx) => {
        const { loaded, blocked } = await lockLedger(tx, needs, {
          locks,
          clock: deps.clock,
          locking: waits ? 'WAIT' : 'PASS_OVER',
        });
        const locked = lockedLedger(loaded);
        const outcomes = commands.map((command) =>
          blocked.has(command.needs) ? ('BLOCKED' as const) : locked.run(command),
        );
        const changes = withoutStoredNames(locked.changes(), deps.ruleNames);
        const { entries } = changes;
        const keys = entries.length > 0 ? deps.encodeKeys(entries) : undefined;
        const outboxId = await writeLedger(tx, changes, keys);
        return { outcomes, changes, outboxId };
      });
      rememberOpened(ids, changes);
      if (outboxId !== undefined) deps.announce({ outboxId, records: recordsOf(changes) });
      return outcomes;
    } catch (error) {
      throw storageError(error);
    }
  };
}

/** What a commit left in the outbox. */
export interface Announced {
  readonly outboxId: bigint;
  /** The records that its events are made of; undefined if the commit doesn't know all of them. */
  readonly records: readonly JournalRecord[] | undefined;
}

function withoutStoredNames(
  changes: LedgerChanges,
  stored: Pick<StoredRuleNames, 'has'>,
): LedgerChanges {
  const ruleNames = changes.ruleNames.filter((ruleSet) => !stored.has(ruleSet));
  return { ...changes, ruleNames };
}

/** Finds out what to lock. What this reads never changes, or is checked again under the locks. */
async function findLocks(
  { pool, ids }: { pool: Pool; ids: MembershipIds },
  needs: readonly Needs[],
): Promise<Locks> {
  const members = needs.flatMap(({ member }) => (member === undefined ? [] : [member]));
  const refunding = needs.flatMap(({ refundOf }) => (refundOf === undefined ? [] : [refundOf]));
  const membershipIds = await ids.find(members);
  const joining = new Map<string, MemberName>();
  for (const { member, mayJoin } of needs) {
    if (member === undefined || mayJoin !== true) continue;
    const key = memberKey(member);
    if (!membershipIds.has(key)) joining.set(key, member);
  }
  const made = joining.size === 0 ? [] : await ids.make(joining.size);
  const earners = refunding.length === 0 ? [] : await earnersOf(pool, refunding);
  return {
    membershipIds,
    newMembershipIds: new Map(
      [...joining.keys()].map((key, index) => [key, made[index] as bigint]),
    ),
    otherIds: [
      ...earners,
      ...needs.flatMap(({ membershipId }) => (membershipId === undefined ? [] : [membershipId])),
    ],
  };
}

async function earnersOf(pool: Pool, purchases: readonly PurchaseName[]): Promise<bigint[]> {
  const { rows } = await pool.query<{ membership_id: bigint }>({
    name: 'find_earners',
    text: `SELECT earns.membership_id
      FROM unnest($1::text[], $2::text[]) AS names (program_id, transaction_id)
      CROSS JOIN LATERAL (
        SELECT membership_id FROM earns
        WHERE program_id = names.program_id AND transaction_id = names.transaction_id
          AND membership_id IS NOT NULL ${perRow}
      ) AS earns`,
    values: [
      purchases.map(({ programId }) => programId),
      purchases.map(({ transactionId }) => transactionId),
    ],
  });
  return rows.map((row) => row.membership_id);
}

function rememberOpened(ids: MembershipIds, { accounts }: LedgerChanges): void {
  for (const { before, after } of accounts) {
    if (before === undefined) ids.remember(after.membership, after.membership.membershipId);
  }
}
