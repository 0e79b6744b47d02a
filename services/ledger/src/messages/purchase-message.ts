import { timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import type { Purchase } from '@loyalty/rules/language.ts';
import { moneyOf } from '@loyalty/rules/money.ts';
import { occurTimeOf } from '@loyalty/rules/occur-time.ts';

/** When a purchase happened, how much was paid, and where, as earns and entries show it. */
export function purchaseFields(purchase: Purchase) {
  const { amount, channel } = purchase;
  return {
    // A repeat may have other digits below the millisecond.
    ...timestampField('occurTime', occurTimeOf(purchase)),
    ...(amount !== undefined && { amount: moneyOf(amount) }),
    channel,
  };
}
