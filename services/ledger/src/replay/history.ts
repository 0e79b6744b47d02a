import type { CapPeriod } from '@loyalty/rules/compile-rule-set.ts';
import type { PostedEarn, PurchaseRefund } from '../app/ledger-store.ts';
import type { Entry } from '../domain/journal.ts';

/** A membership whose journal is replayed. */
export interface ReplayedMember {
  readonly membershipId: bigint;
  readonly programId: string;
  readonly userId: string;
}

/** A stretch of one membership's journal, in the order of its entries, with what they are about. */
export interface HistoryPart {
  readonly entries: readonly Entry[];
  /** The earns of EARN entries, by transaction id. */
  readonly earns: ReadonlyMap<string, PostedEarn>;
  /** All refunds of the earns, and those of REFUND entries, by transaction id, in the order of their arrival. */
  readonly refunds: ReadonlyMap<string, readonly PurchaseRefund[]>;
  /** Why a stored earn or refund can't be read, keyed by {@link earnSubject} or {@link refundSubject}. */
  readonly unreadable: ReadonlyMap<string, string>;
}

export function earnSubject(transactionId: string): string {
  return `earn ${transactionId}`;
}

export function refundSubject(transactionId: string, refundId: string): string {
  return `refund ${refundId} of ${transactionId}`;
}

/** The stored usage of a cap. */
export interface StoredCapUsage extends CapPeriod {
  readonly points: bigint;
}

/** Something stored that doesn't follow from what led to it. */
export interface Difference extends ReplayedMember {
  /** The earn or refund concerned, such as "earn order-1". */
  readonly subject: string;
  /** The field that differs, such as "points". */
  readonly field: string;
  readonly stored: string;
  readonly derived: string;
  /**
   * The number of the engine that decided the earn, where it is an earlier one: then the difference is what this engine
   * would decide otherwise, and no fault.
   */
  readonly decidedBy: number | undefined;
}
