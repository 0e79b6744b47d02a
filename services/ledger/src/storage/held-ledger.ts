import type {
  CapPeriod,
  Held,
  MemberName,
  PostedEarn,
  RecordedEntry,
  RewardName,
  TransactionName,
  UsagePeriod,
} from '../app/ledger-store.ts';
import type { Instant } from '../domain/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { Redemption } from '../domain/redemption.ts';
import { settle } from '../domain/settle.ts';
import { memberKey } from './membership-ids.ts';

/** Everything that a transaction read under its locks. */
export interface LoadedLedger {
  readonly accounts: readonly Account[];
  /** Ids made for users who may join, by {@link memberKey}. */
  readonly newMembershipIds: ReadonlyMap<string, bigint>;
  readonly earns: readonly PostedEarn[];
  readonly redemptions: readonly Redemption[];
  readonly capUsage: ReadonlyMap<string, bigint>;
  readonly stockTaken: ReadonlyMap<string, bigint>;
  readonly usageTaken: ReadonlyMap<string, bigint>;
}

/** An account that has to be written, and what it was when it was read. */
export interface ChangedAccount {
  readonly before: Account | undefined;
  readonly after: Account;
}

/** What a transaction has to write. Counters carry the sum to add, one row each. */
export interface LedgerChanges {
  readonly accounts: readonly ChangedAccount[];
  readonly entries: readonly RecordedEntry[];
  readonly earns: readonly PostedEarn[];
  readonly redemptions: readonly Redemption[];
  readonly capUsage: readonly (CapPeriod & { membershipId: bigint; points: bigint })[];
  readonly stock: readonly (RewardName & { taken: bigint })[];
  readonly usage: readonly (UsagePeriod & { membershipId: bigint; taken: bigint })[];
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

function earnKey({ programId, transactionId }: TransactionName): string {
  return `${programId}\0${transactionId}`;
}

function redemptionKey(membershipId: bigint, idempotencyKey: string): string {
  return `${membershipId}\0${idempotencyKey}`;
}

/** The working copy that the commands of a batch decide on, one after the other. */
export function holdLedger(
  loaded: LoadedLedger,
  clock: Instant,
): { held: Held; changes(): LedgerChanges } {
  // A journal never goes back in time, even if the clock of the process that wrote it last is ahead of ours.
  const now = loaded.accounts.reduce(
    (latest, { membership }) => Math.max(latest, membership.lastEntryTime),
    clock,
  );
  const before = new Map(
    loaded.accounts.map((account) => [memberKey(account.membership), account]),
  );
  const accounts = new Map(before);
  const earns = new Map(loaded.earns.map((earn) => [earnKey(earn), earn]));
  const redemptions = new Map(
    loaded.redemptions.map((redemption) => [
      redemptionKey(redemption.membershipId, redemption.idempotencyKey),
      redemption,
    ]),
  );
  const newEarns: PostedEarn[] = [];
  const newRedemptions: Redemption[] = [];
  const caps = createCounters<CapPeriod & { membershipId: bigint }>(loaded.capUsage);
  const stock = createCounters<RewardName>(loaded.stockTaken);
  const usage = createCounters<UsagePeriod & { membershipId: bigint }>(loaded.usageTaken);

  function membershipIdOf(member: MemberName): bigint {
    const account = accounts.get(memberKey(member));
    if (account === undefined) throw new Error(`${member.userId} has no account here`);
    return account.membership.membershipId;
  }

  const held: Held = {
    now,
    account(member) {
      const key = memberKey(member);
      const account = accounts.get(key);
      if (account === undefined) return undefined;
      const settled = settle(account, now);
      if (settled !== account) accounts.set(key, settled);
      return settled;
    },
    newMembershipId(member) {
      const id = loaded.newMembershipIds.get(memberKey(member));
      if (id === undefined) throw new Error('a command that may join must say so in its needs');
      return id;
    },
    earn: (transaction) => earns.get(earnKey(transaction)),
    redemptionByKey(member, idempotencyKey) {
      return redemptions.get(redemptionKey(membershipIdOf(member), idempotencyKey));
    },
    capUsed(member, cap) {
      const account = accounts.get(memberKey(member));
      return account === undefined ? 0n : caps.get(capKey(account.membership.membershipId, cap));
    },
    stockTaken: (reward) => stock.get(stockKey(reward)),
    usageTaken: (member, period) => usage.get(usageKey(membershipIdOf(member), period)),

    putAccount: (account) => accounts.set(memberKey(account.membership), account),
    putEarn(earn) {
      earns.set(earnKey(earn), earn);
      newEarns.push(earn);
    },
    putRedemption(_member, redemption) {
      const key = redemptionKey(redemption.membershipId, redemption.idempotencyKey);
      redemptions.set(key, redemption);
      newRedemptions.push(redemption);
    },
    addCapUsed(member, cap, points) {
      const membershipId = membershipIdOf(member);
      caps.add(capKey(membershipId, cap), { ...cap, membershipId }, points);
    },
    addStockTaken: (reward, quantity) => stock.add(stockKey(reward), reward, quantity),
    addUsageTaken(member, period, quantity) {
      const membershipId = membershipIdOf(member);
      usage.add(usageKey(membershipId, period), { ...period, membershipId }, quantity);
    },
  };

  return {
    held,
    changes: () => ({
      accounts: changedAccounts(before, accounts),
      entries: newEntries(accounts),
      earns: newEarns,
      redemptions: newRedemptions,
      capUsage: caps.added().map(([cap, points]) => ({ ...cap, points })),
      stock: stock.added().map(([reward, taken]) => ({ ...reward, taken })),
      usage: usage.added().map(([period, taken]) => ({ ...period, taken })),
    }),
  };
}

function changedAccounts(
  before: ReadonlyMap<string, Account>,
  after: ReadonlyMap<string, Account>,
): ChangedAccount[] {
  const changed: ChangedAccount[] = [];
  for (const [key, account] of after) {
    const original = before.get(key);
    if (account !== original) changed.push({ before: original, after: account });
  }
  return changed;
}

function newEntries(accounts: ReadonlyMap<string, Account>): RecordedEntry[] {
  const recorded: RecordedEntry[] = [];
  for (const { membership, entries } of accounts.values()) {
    const { membershipId, programId, userId } = membership;
    for (const entry of entries) recorded.push({ membershipId, programId, userId, entry });
  }
  return recorded;
}

interface Counters<Name> {
  get(key: string): bigint;
  add(key: string, name: Name, amount: bigint): void;
  added(): [Name, bigint][];
}

/** Counts on top of what was read, and keeps apart what has to be added to each row. */
function createCounters<Name>(read: ReadonlyMap<string, bigint>): Counters<Name> {
  const additions = new Map<string, [Name, bigint]>();
  return {
    get: (key) => (read.get(key) ?? 0n) + (additions.get(key)?.[1] ?? 0n),
    add(key, name, amount) {
      additions.set(key, [name, (additions.get(key)?.[1] ?? 0n) + amount]);
    },
    added: () => [...additions.values()],
  };
}
