import { IllegalTransition, RefundNotFound } from '../domain/errors.ts';
import type { App } from './app.ts';
import type { PurchaseName, PurchaseRefund } from './ledger-store.ts';

/**
 * Cancels a refund that waits for its purchase. Idempotent: repeating it has no effect.
 *
 * @throws {RefundNotFound} when no such refund was reported
 * @throws {IllegalTransition} when it waits no longer, and what {@link App.queue} throws
 */
export async function cancelRefund(
  app: App,
  input: PurchaseName & { refundId: string },
): Promise<PurchaseRefund> {
  return await app.queue.submit({
    needs: { refundOf: input },
    decide: (locked) => {
      const refund = locked.refunds(input).find(({ refundId }) => refundId === input.refundId);
      if (refund === undefined) throw new RefundNotFound(input.refundId);
      if (refund.state === 'CANCELLED') return refund;
      if (refund.state !== 'WAITING') {
        throw new IllegalTransition({ from: refund.state, to: 'CANCELLED' });
      }
      const cancelled: PurchaseRefund = { ...refund, state: 'CANCELLED' };
      locked.putRefund(cancelled);
      return cancelled;
    },
  });
}
