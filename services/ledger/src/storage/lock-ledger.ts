import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import { beginningOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { LostRace, type Needs, type PostedEarn, type PurchaseName } from '../app/ledger-store.ts';
import type { Account } from '../domain/journal.ts';
import { nowOf } from '../domain/membership.ts';
import { isOverdue, type Redemption } from '../domain/redemption-state.ts';
import { valuesParameter } from './array-parameter.ts';
import { type ConcernedStock, withoutAccount, withoutStock } from './blocked-commands.ts';
import { bulk } from './bulk.ts';
import { type AwaitedRow, type EarnRow, earnOf } from './earn-rows.ts';
import { purchaseKey, stockKey } from './ledger-keys.ts';
import type { LoadedLedger } from './ledger-layers.ts';
import type { Locking } from './locking.ts';
import {
  type LotRow,
  lotOf,
  type MembershipRow,
  membershipNames,
  membershipOf,
} from './membership-rows.ts';
import { perRow } from './plan-forms.ts';
import { lockAwaited, readLapses, readRefunds } from './read-refunds.ts';
import {
  lockStock,
  readCapUsage,
  readRequests,
  readRewardUsage,
  withMembershipId,
} from './read-usage.ts';
import { type RedemptionRow, redemptionOf } from './redemption-rows.ts';

/** The memberships that a database transaction has to lock. */
export interface Locks {
  /** Keyed by {@link memberKey}. */
  readonly membershipIds: ReadonlyMap<string, bigint>;
  /** Ids made for users who may join, keyed by {@link memberKey}. */
  readonly newMembershipIds: ReadonlyMap<string, bigint>;
  /** Memberships that no member name stands for: those of jobs, and those whose purchases are refunded. */
  readonly otherIds: readonly bigint[];
}

/** What a database transaction has locked and read. */
export interface LockedRows {
  readonly loaded: LoadedLedger;
  /** The needs of commands that can't decide, because somebody else has locked a row that they need. */
  readonly blocked: ReadonlySet<Needs>;
}

/**
 * Takes every lock of a database transaction and reads what its commands need, in one round trip, or two where limited
 * stock or refunds are concerned: memberships first, then stock, then awaited purchases, each in the order of their keys,
 * so that two database transactions don't wait for each other. All locking is in this function.
 *
 * Rows that somebody else has locked are passed over where `locking` says so: such a lock holds up only the commands that
 * need the row.
 *
 * The clock is read after the locks: then it is known which holds have ended. It may have been set back since the commands
 * worked out their needs; then the latest of those instants counts.
 *
 * What has to be read after the locks is read by statements of its own, which see what others committed meanwhile.
 *
 * @throws {LostRace} when a purchase to refund was credited since its earner was looked up
 */
export async function lockLedger(
  tx: DbTransaction,
  needs: readonly Needs[],
  { locks, clock, locking }: { locks: Locks; clock: () => Instant; locking: Locking },
): Promise<LockedRows> {
  const { membershipIds, newMembershipIds } = locks;
  const wanted = [...new Set([...membershipIds.values(), ...locks.otherIds])];
  const [accounts, earns, asked, requests, capUsage, usageTaken] = await Promise.all([
    lockAccounts(tx, wanted, locking),
    readEarns(tx, needs),
    readAskedRedemptions(tx, needs, membershipIds),
    readRequests(tx, needs, membershipIds),
    readCapUsage(tx, needs, membershipIds),
    readRewardUsage(tx, needs, membershipIds),
  ]);
  const time = Math.max(clock(), ...needs.map(({ notBefore }) => notBefore ?? beginningOfTime));
  const lockable = { membershipIds, posted: earns.posted };
  // Memberships are never deleted: one that isn't here is locked by somebody else.
  const blocked =
    locking !== 'PASS_OVER' || accounts.length === wanted.length
      ? new Set<Needs>()
      : withoutAccount(needs, accounts, lockable);
  const going = blocked.size === 0 ? needs : needs.filter((need) => !blocked.has(need));
  const stock = stockConcerned({ needs: going, membershipIds, accounts, asked, time });
  const rewards = [...stock.wanted, ...[...stock.returned.values()].flat()];
  const [stockTaken, refunding] = await Promise.all([
    lockStock(tx, rewards, locking),
    lockRefunds(tx, { needs: going, earns, wanted, membershipIds, locking }),
  ]);
  if (locking === 'PASS_OVER' && rewards.some((reward) => !stockTaken.has(stockKey(reward)))) {
    const withStock = { stock, locked: stockTaken };
    for (const need of withoutStock(going, withStock, lockable)) blocked.add(need);
  }
  return {
    blocked,
    loaded: {
      time,
      membershipIds,
      newMembershipIds,
      accounts: accounts.map((account) => withAsked(account, asked)),
      earns: earns.posted,
      requests,
      capUsage,
      stockTaken,
      usageTaken,
      ...refunding,
    },
  };
}

/**
 * Rewards whose stock the commands may take, or give back. Holds that end also give it back: the first command that comes
 * after their end writes that, or a command ends them itself.
 */
function stockConcerned({
  needs,
  membershipIds,
  accounts,
  asked,
  time,
}: {
  needs: readonly Needs[];
  membershipIds: ReadonlyMap<string, bigint>;
  accounts: readonly Account[];
  asked: readonly Redemption[];
  time: Instant;
}): ConcernedStock {
  const endingAll = new Map(
    withMembershipId(needs, membershipIds, ({ endsHolds = false }) => (endsHolds ? [true] : [])),
  );
  const ending = accounts.flatMap((account) =>
    endingAll.has(account.membership.membershipId)
      ? account.redemptions
      : account.redemptions.filter((redemption) => isOverdue(redemption, nowOf(account, time))),
  );
  return {
    wanted: needs.flatMap(({ stock }) => (stock === undefined ? [] : [stock])),
    returned: Map.groupBy(
      [...asked, ...ending].filter(({ stockTaken }) => stockTaken),
      ({ membershipId }) => membershipId,
    ),
  };
}

const readingMemberships = `SELECT ${membershipNames} FROM memberships
  WHERE membership_id = ANY($1::bigint[])
  ORDER BY membership_id`;

const membershipStatements = {
  PASS_OVER: { name: 'lock_memberships', text: `${readingMemberships} FOR UPDATE SKIP LOCKED` },
  WAIT: { name: 'wait_for_memberships', text: `${readingMemberships} FOR UPDATE` },
  NONE: { name: 'read_memberships', text: readingMemberships },
} satisfies Record<Locking, unknown>;

async function lockAccounts(
  tx: DbTransaction,
  membershipIds: bigint[],
  locking: Locking,
): Promise<Account[]> {
  if (membershipIds.length === 0) return [];
  const values = [valuesParameter('bigint', membershipIds)];
  const memberships = tx.query<MembershipRow>({ ...membershipStatements[locking], values });
  const lots = tx.query<LotRow>({
    name: 'read_lots',
    text: 'SELECT * FROM lots WHERE membership_id = ANY($1::bigint[])',
    values,
  });
  const holds = tx.query<RedemptionRow>({
    name: 'read_holds',
    text: `SELECT * FROM redemptions
      WHERE membership_id = ANY($1::bigint[]) AND state = 'RESERVED'`,
    values,
  });
  const [membershipRows, lotRows, holdRows] = await Promise.all([memberships, lots, holds]);
  const lotsById = groupById(lotRows.rows, lotOf);
  const holdsById = groupById(holdRows.rows, redemptionOf);
  return membershipRows.rows.map((row) => ({
    membership: membershipOf(row),
    lots: lotsById.get(row.membership_id) ?? [],
    redemptions: holdsById.get(row.membership_id) ?? [],
    entries: [],
  }));
}

function groupById<Row extends { membership_id: bigint }, Value>(
  rows: readonly Row[],
  fromRow: (row: Row) => Value,
): Map<bigint, Value[]> {
  const groups = new Map<bigint, Value[]>();
  for (const row of rows) {
    const group = groups.get(row.membership_id);
    if (group === undefined) groups.set(row.membership_id, [fromRow(row)]);
    else group.push(fromRow(row));
  }
  return groups;
}

interface Earns {
  readonly posted: PostedEarn[];
  /** Purchases for which only refunds have arrived. */
  readonly awaited: PurchaseName[];
}

function purchasesOf(needs: readonly Needs[]): PurchaseName[] {
  return needs
    .flatMap(({ purchase, refundOf }) => [purchase, refundOf])
    .filter((name) => name !== undefined);
}

const purchaseNames = bulk<PurchaseName>({
  program_id: ['text', ({ programId }) => programId],
  transaction_id: ['text', ({ transactionId }) => transactionId],
});

const readingEarns = `SELECT earns.*
  FROM ${purchaseNames.source}
  CROSS JOIN LATERAL (
    SELECT * FROM earns
    WHERE program_id = rows.program_id AND transaction_id = rows.transaction_id ${perRow}
  ) AS earns`;

async function readEarns(tx: DbTransaction, needs: readonly Needs[]): Promise<Earns> {
  const names = purchasesOf(needs);
  if (names.length === 0) return { posted: [], awaited: [] };
  const { rows } = await tx.query<EarnRow | AwaitedRow>(
    purchaseNames.statement('read_earns', readingEarns, names),
  );
  const earns: Earns = { posted: [], awaited: [] };
  // Several commands may be about the same one.
  const distinct = new Map(rows.map((row) => [purchaseKey(nameOf(row)), row]));
  for (const row of distinct.values()) {
    if (row.state === 'AWAITED') earns.awaited.push(nameOf(row));
    else earns.posted.push(earnOf(row));
  }
  return earns;
}

function nameOf(row: { program_id: string; transaction_id: string }): PurchaseName {
  return { programId: row.program_id, transactionId: row.transaction_id };
}

/** Locks and reads what refunds need. They are rare, so this may cost a round trip of its own. */
async function lockRefunds(
  tx: DbTransaction,
  {
    needs,
    earns,
    wanted,
    membershipIds,
    locking,
  }: {
    needs: readonly Needs[];
    earns: Earns;
    /** Ids of the memberships that were to be locked. */
    wanted: readonly bigint[];
    membershipIds: ReadonlyMap<string, bigint>;
    locking: Locking;
  },
): Promise<Pick<LoadedLedger, 'awaited' | 'refunds' | 'lapses'>> {
  const refunding = needs.flatMap(({ refundOf }) => (refundOf === undefined ? [] : [refundOf]));
  if (refunding.length === 0 && earns.awaited.length === 0) {
    return { awaited: new Set(), refunds: [], lapses: new Map() };
  }
  // Others may have been read for commands that are blocked.
  const concerned = new Set(purchasesOf(needs).map(purchaseKey));
  const awaited = earns.awaited.filter((name) => concerned.has(purchaseKey(name)));
  const refundingKeys = new Set([...refunding, ...awaited].map(purchaseKey));
  const refunded = earns.posted.filter((earn) => refundingKeys.has(purchaseKey(earn)));
  if (refunded.some(({ membershipId }) => !wanted.includes(membershipId))) {
    throw new LostRace('the purchase was credited a moment ago');
  }
  // A purchase that comes now may be refunded in the same database transaction.
  const credited = withMembershipId(needs, membershipIds, ({ purchase, lots = [] }) =>
    purchase !== undefined && refundingKeys.has(purchaseKey(purchase)) ? lots : [],
  );
  const [, refunds, lapses] = await Promise.all([
    locking === 'NONE' ? undefined : lockAwaited(tx, awaited),
    readRefunds(tx, [...refunding, ...awaited]),
    readLapses(tx, [
      ...refunded.map(({ membershipId, lot }) => ({ ...lot, membershipId })),
      ...credited.map(([membershipId, lot]) => ({ ...lot, membershipId })),
    ]),
  ]);
  return { awaited: new Set(awaited.map(purchaseKey)), refunds, lapses };
}

async function readAskedRedemptions(
  tx: DbTransaction,
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
): Promise<Redemption[]> {
  const asked = withMembershipId(needs, membershipIds, ({ redemption }) =>
    redemption === undefined ? [] : [redemption],
  );
  if (asked.length === 0) return [];
  const { rows } = await tx.query<RedemptionRow>({
    name: 'read_redemptions',
    text: `SELECT redemptions.*
      FROM unnest($1::bigint[], $2::text[], $3::text[])
        AS asked (membership_id, idempotency_key, redemption_id)
      CROSS JOIN LATERAL (
        SELECT * FROM redemptions
        WHERE membership_id = asked.membership_id AND idempotency_key = asked.idempotency_key
        UNION ALL
        SELECT * FROM redemptions
        WHERE membership_id = asked.membership_id AND redemption_id = asked.redemption_id ${perRow}
      ) AS redemptions`,
    values: [
      asked.map(([id]) => id),
      asked.map(([, name]) => ('idempotencyKey' in name ? name.idempotencyKey : null)),
      asked.map(([, name]) => ('redemptionId' in name ? name.redemptionId : null)),
    ],
  });
  // Several commands may ask for the same one.
  const byId = new Map(rows.map((row) => [`${row.membership_id}\0${row.redemption_id}`, row]));
  return [...byId.values()].map(redemptionOf);
}

/** The account with those of the redemptions that are its own and not holds, which it has already. */
function withAsked(account: Account, asked: readonly Redemption[]): Account {
  const own = asked.filter(
    ({ membershipId, state }) =>
      membershipId === account.membership.membershipId && state !== 'RESERVED',
  );
  return own.length === 0 ? account : { ...account, redemptions: [...account.redemptions, ...own] };
}
