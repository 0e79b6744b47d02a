import type {
  CapPeriod,
  Held,
  PostedEarn,
  RecordedEntry,
  RequestKey,
  RequestRecord,
  RewardName,
  TransactionName,
  TransactionRefund,
  UsagePeriod,
} from '../app/ledger-store.ts';
import type { Instant } from '../domain/instant.ts';
import type { Account } from '../domain/journal.ts';
import { type LotKey, sameLot } from '../domain/lot.ts';
import { nowOf } from '../domain/membership.ts';
import { type Redemption, unitsTaken } from '../domain/redemption-state.ts';
import type { Lapse } from '../domain/refund.ts';
import { settle } from '../domain/settle.ts';
import { type Counters, createCounters } from './counters.ts';
import { memberKey } from './membership-ids.ts';

/** Everything that a transaction read under its locks. */
export interface LoadedLedger {
  /** What the clock said under the locks. */
  readonly time: Instant;
  /** Ids of those who are members, and ids made for those who may join, by {@link memberKey}. */
  readonly membershipIds: ReadonlyMap<string, bigint>;
  readonly newMembershipIds: ReadonlyMap<string, bigint>;
  readonly accounts: readonly Account[];
  readonly earns: readonly PostedEarn[];
  /** Transactions of which only refunds have come, by {@link transactionKey}. */
  readonly awaited: ReadonlySet<string>;
  readonly refunds: readonly TransactionRefund[];
  readonly requests: readonly RequestRecord[];
  readonly capUsage: ReadonlyMap<string, bigint>;
  readonly stockTaken: ReadonlyMap<string, bigint>;
  readonly usageTaken: ReadonlyMap<string, bigint>;
  /** By {@link lotKeyOf}, the oldest first. */
  readonly lapses: ReadonlyMap<string, readonly Lapse[]>;
}

/** Something that has to be written, and what it was when it was read, if it was there. */
export interface Changed<Value> {
  readonly before: Value | undefined;
  readonly after: Value;
}

/** What one entry took from a lot. */
interface LapsedLot extends LotKey {
  readonly membershipId: bigint;
  readonly sequence: bigint;
}

/** What a transaction has to write. Counters carry the sum to add, one row each. */
export interface LedgerChanges {
  readonly accounts: readonly Changed<Account>[];
  readonly entries: readonly RecordedEntry[];
  readonly redemptions: readonly Changed<Redemption>[];
  /** `before` is AWAITED for a credit that refunds have waited for. */
  readonly earns: readonly Changed<PostedEarn | 'AWAITED'>[];
  /** Transactions of which the first refund has come. */
  readonly newlyAwaited: readonly TransactionName[];
  readonly refunds: readonly TransactionRefund[];
  readonly requests: readonly RequestRecord[];
  readonly capUsage: readonly (CapPeriod & { membershipId: bigint; points: bigint })[];
  readonly stock: readonly (RewardName & { taken: bigint })[];
  readonly usage: readonly (UsagePeriod & { membershipId: bigint; taken: bigint })[];
  readonly lapsedRefunded: readonly (LapsedLot & { points: bigint })[];
}

export function capKey(membershipId: bigint, { ruleId, period, start }: CapPeriod): string {
  return `${membershipId}\0${ruleId}\0${period}\0${start}`;
}

export function usageKey(membershipId: bigint, { rewardId, period, start }: UsagePeriod): string {
  return `${membershipId}\0${rewardId}\0${period}\0${start}`;
}

export function stockKey({ programId, rewardId }: RewardName): string {
  return `${programId}\0${rewardId}`;
}

export function lotKeyOf(membershipId: bigint, lot: LotKey): string {
  return `${membershipId}\0${lot.availableAt}\0${lot.expiresAt}\0${lot.class}`;
}

export function transactionKey({ programId, transactionId }: TransactionName): string {
  return `${programId}\0${transactionId}`;
}

function refundKey(refund: TransactionName & { refundId: string }): string {
  return `${transactionKey(refund)}\0${refund.refundId}`;
}

function requestKey(membershipId: bigint, { kind, idempotencyKey }: RequestKey): string {
  return `${membershipId}\0${kind}\0${idempotencyKey}`;
}

/** The working copy that the commands of a batch decide on, one after the other. */
export function holdLedger(loaded: LoadedLedger): {
  held: Held;
  changes(): LedgerChanges;
} {
  const before = new Map(loaded.accounts.map((each) => [each.membership.membershipId, each]));
  const accounts = new Map(before);
  const ids = new Map(loaded.membershipIds);
  const earnsBefore = new Map(loaded.earns.map((earn) => [transactionKey(earn), earn]));
  const earns = new Map(earnsBefore);
  const refundsBefore = new Map(loaded.refunds.map((refund) => [refundKey(refund), refund]));
  const refunds = new Map(refundsBefore);
  const requests = new Map(
    loaded.requests.map((request) => [requestKey(request.membershipId, request), request]),
  );
  const newRequests: RequestRecord[] = [];
  const caps = createCounters<CapPeriod & { membershipId: bigint }>(loaded.capUsage);
  const stock = createCounters<RewardName>(loaded.stockTaken);
  const usage = createCounters<UsagePeriod & { membershipId: bigint }>(loaded.usageTaken);
  const lapsedRefunded = createCounters<LapsedLot>(new Map());

  function put(account: Account): void {
    const { membership } = account;
    const previous = accounts.get(membership.membershipId);
    countUsage(previous, account, { stock, usage });
    accounts.set(membership.membershipId, account);
    ids.set(memberKey(membership), membership.membershipId);
  }

  function settled(membershipId: bigint): Account | undefined {
    const account = accounts.get(membershipId);
    if (account === undefined) return undefined;
    const after = settle(account, nowOf(account, loaded.time));
    if (after !== account) put(after);
    return after;
  }

  const held: Held = {
    nowOf: (account) => nowOf(account, loaded.time),
    account(member) {
      const id = ids.get(memberKey(member));
      return id === undefined ? undefined : settled(id);
    },
    accountById(membershipId) {
      const account = settled(membershipId);
      if (account === undefined) throw new Error(`membership ${membershipId} is not locked`);
      return account;
    },
    newMembershipId(member) {
      const id = loaded.newMembershipIds.get(memberKey(member));
      if (id === undefined) throw new Error('a command that may join must say so in its needs');
      return id;
    },
    earn: (transaction) => earns.get(transactionKey(transaction)),
    refunds(transaction) {
      const key = transactionKey(transaction);
      return [...refunds.values()].filter((refund) => transactionKey(refund) === key);
    },
    request: (membershipId, key) => requests.get(requestKey(membershipId, key)),
    capUsed(member, cap) {
      const id = ids.get(memberKey(member));
      return id === undefined ? 0n : caps.get(capKey(id, cap));
    },
    stockTaken: (reward) => stock.get(stockKey(reward)),
    usageTaken(member, period) {
      const id = ids.get(memberKey(member));
      return id === undefined ? 0n : usage.get(usageKey(id, period));
    },
    lapses(membershipId, lot) {
      const read = loaded.lapses.get(lotKeyOf(membershipId, lot)) ?? [];
      return [...read, ...lapsesSince(accounts.get(membershipId), lot)].map(
        ({ sequence, points }): Lapse => {
          const counted = lapsedRefunded.get(lapseKey({ ...lot, membershipId, sequence }));
          return { sequence, points: points - counted };
        },
      );
    },

    putAccount: put,
    putEarn: (earn) => earns.set(transactionKey(earn), earn),
    putRefund: (refund) => refunds.set(refundKey(refund), refund),
    putRequest(request) {
      requests.set(requestKey(request.membershipId, request), request);
      newRequests.push(request);
    },
    addCapUsed(membershipId, cap, points) {
      caps.add(capKey(membershipId, cap), { ...cap, membershipId }, points);
    },
    addLapsedRefunded(membershipId, lot, { sequence, points }) {
      const lapsed: LapsedLot = { ...lot, membershipId, sequence };
      lapsedRefunded.add(lapseKey(lapsed), lapsed, points);
    },
  };

  return {
    held,
    changes(): LedgerChanges {
      const changedAccounts = changed(before, accounts);
      const changedRefunds = changed(refundsBefore, refunds);
      return {
        accounts: changedAccounts,
        entries: changedAccounts.flatMap(({ after }) => newEntries(after)),
        redemptions: changedAccounts.flatMap(changedRedemptions),
        earns: changed(earnsBefore, earns).map((earn) =>
          loaded.awaited.has(transactionKey(earn.after)) ? { ...earn, before: 'AWAITED' } : earn,
        ),
        newlyAwaited: firstRefunds(changedRefunds, { earns, awaited: loaded.awaited }),
        refunds: changedRefunds.map(({ after }) => after),
        requests: newRequests,
        capUsage: caps.added().map(([cap, points]) => ({ ...cap, points })),
        stock: stock.added().map(([reward, taken]) => ({ ...reward, taken })),
        usage: usage.added().map(([period, taken]) => ({ ...period, taken })),
        lapsedRefunded: lapsedRefunded.added().map(([lot, points]) => ({ ...lot, points })),
      };
    },
  };
}

interface Usage {
  readonly stock: Counters<RewardName>;
  readonly usage: Counters<UsagePeriod & { membershipId: bigint }>;
}

/** Counts against stock and limits what an account's redemptions take more, or less, than before. */
function countUsage(before: Account | undefined, after: Account, counters: Usage): void {
  if (after.redemptions === before?.redemptions) return;
  const previously = new Map(before?.redemptions.map((each) => [each.redemptionId, each]));
  for (const redemption of after.redemptions) {
    const { membershipId, programId, rewardId, redemptionId, usagePeriod } = redemption;
    const previous = previously.get(redemptionId);
    const units = unitsTaken(redemption) - (previous === undefined ? 0n : unitsTaken(previous));
    if (units === 0n) continue;
    if (redemption.stockTaken) {
      counters.stock.add(stockKey({ programId, rewardId }), { programId, rewardId }, units);
    }
    if (usagePeriod !== undefined) {
      const period = { rewardId, ...usagePeriod };
      counters.usage.add(usageKey(membershipId, period), { ...period, membershipId }, units);
    }
  }
}

function changed<Key, Value>(
  before: ReadonlyMap<Key, Value>,
  after: ReadonlyMap<Key, Value>,
): Changed<Value>[] {
  const differing: Changed<Value>[] = [];
  for (const [key, value] of after) {
    const original = before.get(key);
    if (value !== original) differing.push({ before: original, after: value });
  }
  return differing;
}

function changedRedemptions({ before, after }: Changed<Account>): Changed<Redemption>[] {
  const byId = (account: Account | undefined) =>
    new Map(account?.redemptions.map((redemption) => [redemption.redemptionId, redemption]));
  return changed(byId(before), byId(after));
}

function newEntries({ membership, entries }: Account): RecordedEntry[] {
  const { membershipId, programId, userId } = membership;
  return entries.map((entry) => ({ membershipId, programId, userId, entry }));
}

/** What a lot lost since the account was read. */
function lapsesSince(account: Account | undefined, lot: LotKey): Lapse[] {
  return (account?.entries ?? [])
    .filter(({ kind }) => kind === 'EXPIRE' || kind === 'FORFEIT')
    .flatMap(({ sequence, allocations }) =>
      allocations
        .filter((allocation) => sameLot(allocation, lot))
        .map(({ points }): Lapse => ({ sequence, points: -points })),
    );
}

function lapseKey(lapsed: LapsedLot): string {
  return `${lotKeyOf(lapsed.membershipId, lapsed)}\0${lapsed.sequence}`;
}

/** Transactions that the ledger first hears of by a refund. */
function firstRefunds(
  refunds: readonly Changed<TransactionRefund>[],
  known: { earns: ReadonlyMap<string, unknown>; awaited: ReadonlySet<string> },
): TransactionName[] {
  const names = new Map<string, TransactionName>();
  for (const { after } of refunds) {
    const key = transactionKey(after);
    if (!known.earns.has(key) && !known.awaited.has(key)) names.set(key, after);
  }
  return [...names.values()];
}
