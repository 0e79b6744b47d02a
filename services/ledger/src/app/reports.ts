import type { Purchase } from '@loyalty/rules/language.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import type { MemberName, TransactionName } from './ledger-store.ts';

/** A purchase that a backend reports. */
export interface EarnInput extends MemberName {
  readonly transaction: Purchase;
  /** Whether a user who was never a member joins, whatever the program's enrollment is. */
  readonly joinMissing?: boolean;
}

/** A refund that a backend reports. */
export interface ReverseEarnInput extends TransactionName {
  readonly refundId: string;
  readonly extent: RefundPart;
}
