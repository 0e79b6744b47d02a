import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Entry,
  type Entry_Kind,
  EntrySchema,
} from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import {
  type Balance,
  BalanceSchema,
  type Membership,
  type Membership_State,
  MembershipSchema,
} from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type { Redemption } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';

/** A membership of the double with its points and its journal. */
export interface Account {
  readonly programId: string;
  readonly userId: string;
  state: Membership_State;
  readonly attributes: Record<string, string>;
  readonly joinTime: Timestamp;
  available: bigint;
  reserved: bigint;
  deficit: bigint;
  lifetimeEarned: bigint;
  lifetimeRedeemed: bigint;
  /** The oldest first. */
  readonly entries: Entry[];
  /** By their ids. */
  readonly redemptions: Map<string, DoubleRedemption>;
  /** By idempotency key. */
  readonly adjustments: Map<string, { content: AdjustmentContent; entry: Entry }>;
}

/** By the names that errors have. */
export interface AdjustmentContent {
  readonly points: bigint;
  readonly reason: string;
  readonly note: string;
  readonly allow_deficit: boolean;
}

export interface DoubleRedemption {
  readonly idempotencyKey: string;
  readonly content: string;
  readonly message: Redemption;
}

interface Changes {
  available?: bigint;
  reserved?: bigint;
  deficit?: bigint;
}

/** Changes the balance and writes why. */
export function record(
  account: Account,
  change: {
    kind: Entry_Kind;
    now: Date;
    about?: MessageInitShape<typeof EntrySchema>;
    changes?: Changes;
  },
): Entry {
  const { available = 0n, reserved = 0n, deficit = 0n } = change.changes ?? {};
  account.available += available;
  account.reserved += reserved;
  account.deficit += deficit;
  const entry = create(EntrySchema, {
    ...change.about,
    sequence: BigInt(account.entries.length + 1),
    kind: change.kind,
    points: available + reserved - deficit,
    available,
    reserved,
    deficit,
    balanceAfter: account.available,
    userId: account.userId,
    createTime: timestampFromDate(change.now),
  });
  account.entries.push(entry);
  return entry;
}

/** How points that are added change a balance: what is owed is paid first. */
export function credited({ deficit }: Account, points: bigint): Changes {
  const paid = points < deficit ? points : deficit;
  return { available: points - paid, deficit: -paid };
}

/** How points that are taken change a balance, which may not cover them. */
export function debited(
  { available }: Account,
  points: bigint,
): Required<Omit<Changes, 'reserved'>> {
  const taken = points < available ? points : available;
  return { available: -taken, deficit: points - taken };
}

export function balanceOf(account: Account): Balance {
  const { available, reserved, deficit, lifetimeEarned, lifetimeRedeemed } = account;
  const points = { available, reserved, deficit, lifetimeEarned, lifetimeRedeemed };
  return create(BalanceSchema, points);
}

export function membershipOf(account: Account): Membership {
  const { programId, userId, state, attributes, joinTime } = account;
  const balance = balanceOf(account);
  const membership = { programId, userId, state, attributes, joinTime, balance };
  return create(MembershipSchema, membership);
}
