import type { Author } from '@loyalty/rules/author.ts';
import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { DomainError } from '@loyalty/rules/domain-error.ts';
import { rejectRefund } from '../domain/refund.ts';
import { applyRefund } from './apply-refund.ts';
import type { LockedState, PostedEarn, PurchaseRefund } from './ledger-store.ts';

/** Applies the refunds that waited for a purchase once it is credited, in the order in which they arrived. */
export function applyWaitingRefunds(
  locked: LockedState,
  { earn, ruleSet, author }: { earn: PostedEarn; ruleSet: CompiledRuleSet; author: Author },
): PostedEarn {
  return locked
    .refunds(earn)
    .filter(({ state }) => state === 'WAITING')
    .reduce((credited, refund) => {
      try {
        return applyRefund(locked, { earn: credited, refund, ruleSet, author }).earn;
      } catch (error) {
        reject(locked, { earn: credited, refund, author, error });
        return credited;
      }
    }, earn);
}

/** The caller of the refund is gone, so an entry in the journal records the refusal. */
function reject(
  locked: LockedState,
  rejected: { earn: PostedEarn; refund: PurchaseRefund; author: Author; error: unknown },
): void {
  const { earn, refund, author, error } = rejected;
  if (!(error instanceof DomainError)) throw error;
  const account = locked.bringUpToDateById(earn.membershipId);
  const { transactionId, refundId } = refund;
  const { reason } = error;
  const now = locked.nowOf(account);
  locked.putAccount(rejectRefund(account, { transactionId, refundId, reason, author, now }));
  locked.putRefund({ ...refund, state: 'REJECTED' });
}
