import type { CapPeriod } from '@loyalty/rules/compile-rule-set.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Purchase } from '@loyalty/rules/language.ts';
import type { LimitPeriod } from '@loyalty/rules/limit-period.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import type { Earn, EarnState } from '../domain/earn.ts';
import type { Account, Entry, EntryKind } from '../domain/journal.ts';
import type { LotKey } from '../domain/lot.ts';
import type { Membership, MembershipState } from '../domain/membership.ts';
import type { Period } from '../domain/period.ts';
import type { Redemption, RedemptionState } from '../domain/redemption-state.ts';
import type { Lapse, Refund } from '../domain/refund.ts';
import type { KindTotal } from '../domain/statement.ts';
import type { NamedRuleSet } from './rule-names.ts';

export type PostedEarn = Earn<Purchase>;
export type PurchaseRefund = Refund<RefundPart>;

/** Names a member as callers do. */
export interface MemberName {
  readonly programId: string;
  readonly userId: string;
}

export interface PurchaseName {
  readonly programId: string;
  readonly transactionId: string;
}

export interface RewardName {
  readonly programId: string;
  readonly rewardId: string;
}

/** How often a member had a reward in a period. */
export interface UsagePeriod {
  readonly rewardId: string;
  readonly period: LimitPeriod;
  readonly start: Instant;
}

/** The idempotency key of a command that isn't the making of a redemption. */
export interface RequestKey {
  readonly kind: 'ADJUST' | 'REVERSE';
  readonly idempotencyKey: string;
}

/** Names a redemption of a member: by its id, or by the key that it was made with. */
export type RedemptionKey = { readonly redemptionId: string } | { readonly idempotencyKey: string };

/** The earlier request of an idempotency key. */
export interface RequestRecord extends RequestKey {
  readonly membershipId: bigint;
  readonly fingerprint: Uint8Array;
  /** The entry that the request led to. */
  readonly entry: Entry;
}

/** What a command has to lock, and to know, before it decides. Reading anything else throws. */
export interface Needs {
  /** The instant that the rest was worked out for. The command decides then or later, even if the clock is set back. */
  readonly notBefore?: Instant;
  readonly member?: MemberName;
  /** Makes the member's id where there is none, for commands that may open an account. */
  readonly mayJoin?: boolean;
  /** The account, where a job knows it by its id. */
  readonly membershipId?: bigint;
  readonly purchase?: PurchaseName;
  /** The lots that the purchase's points may go to, for refunds that wait for it. */
  readonly lots?: readonly LotKey[];
  /** The purchase with its refunds, and the account of the member who earned it. */
  readonly refundOf?: PurchaseName;
  /** A redemption of the member, in addition to open holds, which are always read. */
  readonly redemption?: RedemptionKey;
  /** Ends the member's holds before their time, which gives stock back. */
  readonly endsHolds?: boolean;
  readonly request?: RequestKey;
  readonly caps?: readonly CapPeriod[];
  readonly stock?: RewardName;
  /** This period or a later one: which one counts is known only under the lock. */
  readonly usage?: UsagePeriod;
}

/** One change to the ledger, decided under lock. What it puts is kept only if it returns. */
export interface Command<Result> {
  readonly needs: Needs;
  readonly decide: (locked: LockedState) => Result;
}

/** What a command returned, or what it threw. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** BLOCKED for a command that didn't decide, because somebody else has locked a row that it needs. */
export type CommitOutcome = Outcome | 'BLOCKED';

/**
 * What a command sees and changes under lock. The commands of one batch decide one after the other, each seeing what those
 * before it changed; all of it is written at the end. A command reads only what its needs name, and anything else throws: it
 * may not be locked, or not be there although it exists.
 *
 * What redemptions count against stock and limits follows from the redemptions of the accounts that are put.
 */
export interface LockedState {
  /**
   * The instant at which the command changes the account, or opens one where there is none: the clock's under the
   * locks, never before the account's own last entry nor before {@link Needs.notBefore}.
   */
  nowOf(account: Account | undefined): Instant;
  /**
   * Writes what is due, which stays even if the command throws, and returns the account; undefined if the
   * user never joined.
   */
  bringUpToDate(member: MemberName): Account | undefined;
  /** The same by the id in the needs, or that of the member who earned their purchase. */
  bringUpToDateById(membershipId: bigint): Account;
  /** The id for a user who never joined and whose command may join. */
  newMembershipId(member: MemberName): bigint;
  /** The earn of a purchase, by any user. */
  earn(name: PurchaseName): PostedEarn | undefined;
  /** The purchase's refunds as they arrived: of those that needs.refundOf names, and of those that wait. */
  refunds(name: PurchaseName): readonly PurchaseRefund[];
  redemption(member: MemberName, key: RedemptionKey): Redemption | undefined;
  request(membershipId: bigint, key: RequestKey): RequestRecord | undefined;
  capUsed(member: MemberName, cap: CapPeriod): bigint;
  stockTaken(reward: RewardName): bigint;
  usageTaken(member: MemberName, usage: UsagePeriod): bigint;
  /** What the lot lost and no refund has counted, the oldest first. */
  lapses(membershipId: bigint, lot: LotKey): readonly Lapse[];

  putAccount(account: Account): void;
  putEarn(earn: PostedEarn): void;
  /** Notes the names of the rules that points were credited by; events have these names. */
  putRuleNames(ruleSet: NamedRuleSet): void;
  /** Also marks the purchase as awaited, if it hasn't been credited. */
  putRefund(refund: PurchaseRefund): void;
  putRequest(request: RequestRecord): void;
  addCapUsed(membershipId: bigint, cap: CapPeriod, points: bigint): void;
  addLapsedRefunded(membershipId: bigint, lot: LotKey, counted: Lapse): void;
}

/** Journal entries for events, each with its member. */
export interface RecordedEntry extends MemberName {
  readonly membershipId: bigint;
  readonly entry: Entry;
}

/**
 * The one way to change the ledger: lock, decide, write and commit, as one database transaction. Returns each command's outcome, in
 * their order.
 *
 * @param options.waits whether to wait for rows that somebody else has locked, instead of going on without the commands that
 * need them
 * @throws {LockTimeout} when it waited too long: for such a row, or for a key that somebody else has inserted but not committed
 * @throws {LostRace} when a concurrent database transaction committed first; running it again sees what that one wrote
 * @throws {RefusedByStorage} when some value can't be stored; without it the rest can
 * @throws {StorageUnavailable} when the database is down; the changes may have been committed
 */
export type CommitToLedger = (
  commands: readonly Command<unknown>[],
  options: { waits: boolean },
) => Promise<CommitOutcome[]>;

/** Thrown when somebody else kept a lock for too long, and the database transaction was rolled back. */
export class LockTimeout extends Error {}

/** Thrown when a concurrent database transaction committed first and this one was rolled back. */
export class LostRace extends Error {}

/** Thrown when the database refuses a value, and the database transaction was rolled back. */
export class RefusedByStorage extends Error {}

/** A page of up to `limit` items, and the position at which the next page starts. */
export interface PageRequest<Position> {
  readonly limit: number;
  readonly after: Position | undefined;
}

/** Restricts a program-wide list to times and a page. */
export interface ProgramQuery<Position> extends PageRequest<Position> {
  readonly programId: string;
  /** Only what was written at or after it. */
  readonly startTime: Instant | undefined;
  /** Only what was written before it. */
  readonly endTime: Instant | undefined;
}

/** Where a page of a program's entries, or of its redemptions by the entries that made them, ends. */
export interface EntryPosition {
  readonly createTime: Instant;
  readonly membershipId: bigint;
  readonly sequence: bigint;
}

/** Where a page of a program's earns ends. */
export type EarnPosition = Pick<PostedEarn, 'postTime' | 'transactionId'>;

export type OwnedEarn = PostedEarn & { readonly userId: string };
export type OwnedRedemption = Redemption & { readonly userId: string };

/** Only members of whom all of this is true; what is absent leaves it open. */
export interface MemberFilter {
  readonly userIdPrefix?: string | undefined;
  readonly attribute?: { readonly key: string; readonly value: string } | undefined;
  readonly state?: MembershipState | undefined;
  /** Joined at or after it. */
  readonly joinStartTime?: Instant | undefined;
  /** Joined before it. */
  readonly joinEndTime?: Instant | undefined;
}

/** Where a page of members ends. */
export type MemberPosition = Pick<Membership, 'joinTime' | 'userId'>;

/** A redemption whose points are held, and whose they are. */
export interface OpenHold extends Redemption {
  readonly userId: string;
  readonly holdExpiresAt: Instant;
}

/** Which date of lots: when their points expire, or when they become available. */
export type LotDate = 'EXPIRY' | 'MATURITY';

/** Where a page of open holds ends. */
export type HoldPosition = Pick<OpenHold, 'holdExpiresAt' | 'redemptionId'>;

/** Reads that lock nothing. All throw {@link StorageUnavailable} when the database is down. */
export interface LedgerReader {
  /**
   * What the command of a member would return at `now`. It decides on one snapshot, and what it puts is forgotten.
   *
   * @throws what the command throws
   */
  decide<Result>(
    command: Command<Result> & { readonly needs: { readonly member: MemberName } },
    now: Instant,
  ): Promise<Result>;
  membershipId(member: MemberName): Promise<bigint | undefined>;
  /** The account as it was written, with as much of what it holds as its balance at `now` depends on. */
  account(member: MemberName, now: Instant): Promise<Account | undefined>;
  /**
   * The account as it was written, with what is due at `now` and with all lots of the first `limit` dates behind `after`.
   * Of later dates, only what is due is there.
   */
  accountByDate(
    query: MemberName & { by: LotDate; after: Instant; limit: number },
    now: Instant,
  ): Promise<Account | undefined>;
  earn(name: PurchaseName): Promise<OwnedEarn | undefined>;
  /** A member's earns, the newest first. Positions are sequences. */
  earns(query: { membershipId: bigint } & PageRequest<bigint>): Promise<PostedEarn[]>;
  /** The earns of those purchases of a program that were credited, in no order. */
  earnsById(query: { programId: string; transactionIds: readonly string[] }): Promise<PostedEarn[]>;
  /** Those refunds of a program that exist, in no order. */
  refundsById(query: {
    programId: string;
    refunds: readonly Pick<PurchaseRefund, 'transactionId' | 'refundId'>[];
  }): Promise<PurchaseRefund[]>;
  /** Those redemptions that exist, in no order. */
  redemptionsById(
    redemptions: readonly Pick<Redemption, 'membershipId' | 'redemptionId'>[],
  ): Promise<Redemption[]>;
  /** The refunds of one purchase as they arrived. */
  refundsOf(name: PurchaseName): Promise<PurchaseRefund[]>;
  /** A program's refunds that wait for their purchase, by transaction id. */
  waitingRefunds(
    query: { programId: string } & PageRequest<{ transactionId: string; refundId: string }>,
  ): Promise<PurchaseRefund[]>;
  /** A user's accounts by program id, each as {@link account} returns it. */
  accountsOfUser(
    query: {
      userId: string;
      programs: readonly string[] | undefined;
      now: Instant;
    } & PageRequest<string>,
  ): Promise<Account[]>;
  /**
   * A program's accounts by user id, or by join time and user id where that is restricted, each as {@link account} returns
   * it.
   */
  accountsOfProgram(
    query: { programId: string; now: Instant } & MemberFilter & PageRequest<MemberPosition>,
  ): Promise<Account[]>;
  /** A program's earns, the newest first. */
  earnsOfProgram(
    query: ProgramQuery<EarnPosition> & { state: EarnState | undefined },
  ): Promise<OwnedEarn[]>;
  /** The entries of a program's journals, the newest first. */
  entriesOfProgram(
    query: ProgramQuery<EntryPosition> & { kinds: readonly EntryKind[] },
  ): Promise<RecordedEntry[]>;
  /** A program's redemptions, the newest first, as they were written. The state is that at `now`. */
  redemptionsOfProgram(
    query: ProgramQuery<EntryPosition> & {
      state: RedemptionState | undefined;
      rewardId: string | undefined;
      reference: string | undefined;
      now: Instant;
    },
  ): Promise<OwnedRedemption[]>;
  /** Journal entries, the newest first. Positions are sequences. */
  entries(
    query: {
      membershipId: bigint;
      kinds: readonly EntryKind[];
      startTime: Instant | undefined;
      endTime: Instant | undefined;
    } & PageRequest<bigint>,
  ): Promise<Entry[]>;
  /**
   * The account as {@link account} returns it, what entries changed since the period's start by kind, and entries of the
   * period, the newest first, all as they were stored at one time; undefined for a user who never joined. Positions are
   * sequences. Entries from `past` on aren't in the period.
   */
  statement(
    query: MemberName & Period & PageRequest<bigint> & { past: bigint | undefined },
    now: Instant,
  ): Promise<
    | {
        account: Account;
        since: (KindTotal & { inPeriod: boolean })[];
        entries: Entry[];
      }
    | undefined
  >;
  /** How much of each reward is taken: of its stock, and by the member in the period. In the order of the request. */
  rewardsTaken(query: {
    programId: string;
    membershipId: bigint;
    rewards: readonly { rewardId: string; usage: UsagePeriod | undefined }[];
  }): Promise<{ stock: bigint; byMember: bigint }[]>;
  /**
   * Ids of memberships whose balance time has changed since they were written, the longest overdue first: `limit` of
   * them, or as many fewer as have that many holds to end.
   */
  due(query: { now: Instant; limit: number }): Promise<bigint[]>;
  redemption(query: MemberName & { redemptionId: string }): Promise<Redemption | undefined>;
  /** Redemptions, the newest first. Positions are sequences. */
  redemptions(query: { membershipId: bigint } & PageRequest<bigint>): Promise<Redemption[]>;
  /** A program's holds that are open at `now`, by the end of the hold and redemption id. */
  openHolds(
    query: { programId: string; now: Instant } & PageRequest<HoldPosition>,
  ): Promise<OpenHold[]>;
}
