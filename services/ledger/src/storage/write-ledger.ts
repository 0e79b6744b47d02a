import { firstLease } from '@loyalty/platform/outbox/first-lease.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import { eventVersion } from '../app/journal-reader.ts';
import type { RecordedEntry } from '../app/ledger-store.ts';
import type { Account, Entry } from '../domain/journal.ts';
import { type Allocation, type Lot, sameLot } from '../domain/lot.ts';
import { bulk } from './bulk.ts';
import { entryColumns, requestColumns } from './entry-rows.ts';
import type { Changed } from './layered-map.ts';
import type { LedgerChanges } from './locked-ledger.ts';
import {
  lotColumns,
  memberChanged,
  membershipCredit,
  membershipPoints,
  type OwnedLot,
  pointsMoved,
  wholeMembership,
} from './membership-rows.ts';
import { sameKey } from './plan-forms.ts';
import { redemptionColumns } from './redemption-rows.ts';
import { ruleNamesStatement } from './rule-names.ts';
import { attributeStatements } from './write-attributes.ts';
import { counterStatements } from './write-counters.ts';
import { earnStatements } from './write-earns.ts';

/**
 * Writes everything that a database transaction changed, and its COMMIT, in one round trip. Each row is touched by one
 * statement only, and the rows that others may write without our locks go in the order of their keys.
 *
 * @param outboxEntries what names the entries in the outbox; undefined where there are none
 * @returns the id of the row in the outbox
 */
export async function writeLedger(
  tx: DbTransaction,
  changes: LedgerChanges,
  outboxEntries: Uint8Array | undefined,
): Promise<bigint | undefined> {
  const statements = [
    ruleNamesStatement(changes.ruleNames),
    ...accountStatements(changes.accounts),
    ...attributeStatements(changes.accounts),
    ...journalStatements(changes.entries),
    ...earnStatements(changes),
    ...redemptionStatements(changes),
    ...counterStatements(changes),
  ].filter((statement) => statement !== undefined);
  const written = statements.map((statement) => tx.query(statement));
  const announced = outboxEntries && tx.query<{ id: bigint }>(insertOutbox(outboxEntries));
  tx.commit();
  await Promise.all(written);
  return (await announced)?.rows[0]?.id;
}

function insertOutbox(entries: Uint8Array) {
  return {
    name: 'insert_outbox',
    text: `INSERT INTO outbox (entries, leased_until) VALUES ($1, now() + ${firstLease}) RETURNING id`,
    values: [entries],
  };
}

const memberIdColumns = bulk<Changed<Account>>({
  program_id: ['text', ({ after }) => after.membership.programId],
  user_id: ['text', ({ after }) => after.membership.userId],
  membership_id: ['bigint', ({ after }) => after.membership.membershipId],
});

const insertMemberIds = `INSERT INTO member_ids (${memberIdColumns.names})
  SELECT * FROM ${memberIdColumns.source}
  ORDER BY program_id, user_id`;

const insertMemberships = `INSERT INTO memberships (${wholeMembership.names})
  SELECT * FROM ${wholeMembership.source}`;

const creditAssignments = `last_sequence = rows.last_sequence,
    last_entry_time = rows.last_entry_time,
    available = rows.available,
    lifetime_earned = rows.lifetime_earned`;

const pointAssignments = `${creditAssignments},
    pending = rows.pending,
    reserved = rows.reserved,
    deficit = rows.deficit,
    lifetime_redeemed = rows.lifetime_redeemed,
    lifetime_expired = rows.lifetime_expired,
    inactivity_expires_at = rows.inactivity_expires_at,
    next_due_at = rows.next_due_at`;

const updatePoints = `UPDATE memberships SET
    ${pointAssignments}
  FROM ${membershipPoints.source}
  WHERE ${sameKey('memberships', ['membership_id'])}`;

const updateCredited = `UPDATE memberships SET
    ${creditAssignments}
  FROM ${membershipCredit.source}
  WHERE ${sameKey('memberships', ['membership_id'])}`;

const updateMemberships = `UPDATE memberships SET
    ${pointAssignments},
    state = rows.state,
    suspended = rows.suspended,
    attributes = rows.attributes,
    attributes_revision = rows.attributes_revision,
    join_time = rows.join_time,
    earn_window_start = rows.earn_window_start,
    earn_window_count = rows.earn_window_count,
    redemption_window_start = rows.redemption_window_start,
    redemption_window_count = rows.redemption_window_count
  FROM ${wholeMembership.source}
  WHERE ${sameKey('memberships', ['membership_id'])}`;

const insertLots = `INSERT INTO lots (${lotColumns.names})
  SELECT * FROM ${lotColumns.source}`;

const lotKey = ['membership_id', 'available_at', 'expires_at', 'class'];

// Absolute, since the lots were read under the membership's lock, which also says which of them there are: an INSERT with ON
// CONFLICT would look each up and lock it first, which took half as long again.
const updateLots = `UPDATE lots SET remaining = rows.remaining
  FROM ${lotColumns.source}
  WHERE ${sameKey('lots', lotKey)}`;

const deleteLots = `DELETE FROM lots USING ${lotColumns.source}
  WHERE ${sameKey('lots', lotKey)}`;

function accountStatements(accounts: readonly Changed<Account>[]) {
  const {
    opened = [],
    changed = [],
    moved = [],
    credited = [],
  } = Object.groupBy(accounts, extentOf);
  const lots = accounts.flatMap(changedLots);
  const emptied = lots.filter(({ remaining }) => remaining === 0n);
  const made = lots.filter(({ remaining, isNew }) => remaining > 0n && isNew);
  const kept = lots.filter(({ remaining, isNew }) => remaining > 0n && !isNew);
  const after = (each: readonly Changed<Account>[]) => each.map((account) => account.after);
  return [
    opened.length > 0
      ? memberIdColumns.statement('insert_member_ids', insertMemberIds, opened)
      : undefined,
    opened.length > 0
      ? wholeMembership.statement('insert_memberships', insertMemberships, after(opened))
      : undefined,
    changed.length > 0
      ? wholeMembership.statement('update_memberships', updateMemberships, after(changed))
      : undefined,
    moved.length > 0
      ? membershipPoints.statement('update_points', updatePoints, after(moved))
      : undefined,
    credited.length > 0
      ? membershipCredit.statement('update_credited', updateCredited, after(credited))
      : undefined,
    made.length > 0 ? lotColumns.statement('insert_lots', insertLots, made) : undefined,
    kept.length > 0 ? lotColumns.statement('update_lots', updateLots, kept) : undefined,
    emptied.length > 0 ? lotColumns.statement('delete_lots', deleteLots, emptied) : undefined,
  ];
}

/** How much of a membership has to be written. */
function extentOf({
  before,
  after,
}: Changed<Account>): 'opened' | 'changed' | 'moved' | 'credited' {
  if (before === undefined) return 'opened';
  if (memberChanged(before.membership, after.membership)) return 'changed';
  return pointsMoved(before, after) ? 'moved' : 'credited';
}

interface ChangedLot extends OwnedLot<Lot> {
  readonly isNew: boolean;
}

// The domain replaces a lot that changes and keeps the others, so identity tells them apart.
function changedLots({ before, after }: Changed<Account>): ChangedLot[] {
  const { membershipId } = after.membership;
  const known = before?.lots ?? [];
  return after.lots
    .filter((lot) => !known.includes(lot))
    .map(({ availableAt, expiresAt, class: lotClass, remaining }) => ({
      membershipId,
      availableAt,
      expiresAt,
      class: lotClass,
      remaining,
      isNew: !known.some((each) => sameLot(each, { availableAt, expiresAt, class: lotClass })),
    }));
}

const insertEntries = `INSERT INTO entries (${entryColumns.names}, event_version)
  SELECT *, ${eventVersion} FROM ${entryColumns.source}`;

const allocationColumns = bulk<OwnedLot<Allocation> & { sequence: bigint }>({
  membership_id: ['bigint', ({ membershipId }) => membershipId],
  sequence: ['bigint', ({ sequence }) => sequence],
  available_at: ['timestamptz', ({ availableAt }) => availableAt],
  expires_at: ['timestamptz', ({ expiresAt }) => expiresAt],
  class: ['text', (allocation) => allocation.class],
  points: ['bigint', ({ points }) => points],
});

const insertAllocations = `INSERT INTO allocations (${allocationColumns.names})
  SELECT * FROM ${allocationColumns.source}`;

const insertLapsedLots = `INSERT INTO lapsed_lots
    (membership_id, available_at, expires_at, class, sequence, lapsed, lapsed_refunded)
  SELECT membership_id, available_at, expires_at, class, sequence, -points, 0
  FROM ${allocationColumns.source}`;

function journalStatements(entries: readonly RecordedEntry[]) {
  const allocations = entries.flatMap(allocationsOf(hasAllocationRows));
  const lapsed = entries.flatMap(allocationsOf(lapses));
  return [
    entries.length > 0
      ? entryColumns.statement('insert_entries', insertEntries, entries)
      : undefined,
    allocations.length > 0
      ? allocationColumns.statement('insert_allocations', insertAllocations, allocations)
      : undefined,
    lapsed.length > 0
      ? allocationColumns.statement('insert_lapsed_lots', insertLapsedLots, lapsed)
      : undefined,
  ];
}

function allocationsOf(wanted: (entry: Entry) => boolean) {
  return ({ membershipId, entry }: RecordedEntry) =>
    wanted(entry)
      ? entry.allocations.map((allocation) => ({
          ...allocation,
          membershipId,
          sequence: entry.sequence,
        }))
      : [];
}

// The earn itself names the lot that it went to.
function hasAllocationRows({ kind }: Entry): boolean {
  return kind !== 'EARN';
}

function lapses({ kind }: Entry): boolean {
  return kind === 'EXPIRE' || kind === 'FORFEIT';
}

const insertRedemptions = `INSERT INTO redemptions (${redemptionColumns.names})
  SELECT * FROM ${redemptionColumns.source}`;

const updateRedemptions = `UPDATE redemptions SET
    quantity = rows.quantity,
    points = rows.points,
    reversed_points = rows.reversed_points,
    state = rows.state,
    parts = rows.parts,
    value_minor_units = rows.value_minor_units
  FROM ${redemptionColumns.source}
  WHERE ${sameKey('redemptions', ['membership_id', 'redemption_id'])}`;

const insertRequests = `INSERT INTO requests (${requestColumns.names})
  SELECT * FROM ${requestColumns.source}`;

function redemptionStatements({ redemptions, requests }: LedgerChanges) {
  const made = redemptions.filter(({ before }) => before === undefined);
  const updated = redemptions.filter(({ before }) => before !== undefined);
  const after = (changed: LedgerChanges['redemptions']) => changed.map((each) => each.after);
  return [
    made.length > 0
      ? redemptionColumns.statement('insert_redemptions', insertRedemptions, after(made))
      : undefined,
    updated.length > 0
      ? redemptionColumns.statement('update_redemptions', updateRedemptions, after(updated))
      : undefined,
    requests.length > 0
      ? requestColumns.statement('insert_requests', insertRequests, requests)
      : undefined,
  ];
}
