import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderRefund } from './refund-message.ts';

type Method = typeof LedgerService.method.cancelRefund;

export function cancelRefundHandler({ cancelRefund }: Pick<App, 'cancelRefund'>): Handler<Method> {
  return async ({ programId, transactionId, refundId }) => ({
    refund: renderRefund(await cancelRefund({ programId, transactionId, refundId })),
  });
}
