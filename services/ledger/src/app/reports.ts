import type { Purchase } from '@loyalty/rules/language.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import type { MemberName, PurchaseName } from './ledger-store.ts';

/** A purchase that a backend reports. */
export interface EarnInput extends MemberName {
  readonly purchase: Purchase;
  /** Whether a user who was never a member joins, whatever the program's enrollment is. */
  readonly joinMissing?: boolean;
}

/** A refund that a backend reports. */
export interface ReverseEarnInput extends PurchaseName {
  readonly refundId: string;
  readonly extent: RefundPart;
}
