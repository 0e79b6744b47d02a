import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { refundPartOf } from '../app/refund-extent.ts';
import { renderBalance } from './balance-message.ts';
import { causeOf } from './caller.ts';
import { renderEarn } from './earn-message.ts';
import { renderRefund } from './refund-message.ts';

type Method = typeof LedgerService.method.reverseEarn;

export function reverseEarnHandler({ reverseEarn }: Pick<App, 'reverseEarn'>): Handler<Method> {
  return async ({ programId, transactionId, refundId, extent }, context) => {
    const { refund, earned, replayed } = await reverseEarn(
      { programId, transactionId, refundId, extent: refundPartOf(extent) },
      causeOf(context),
    );
    return {
      refund: renderRefund(refund),
      ...(earned !== undefined && {
        earn: renderEarn({ ...earned.earn, userId: earned.userId }),
        balance: renderBalance(earned.balance),
      }),
      replayed,
    };
  };
}
