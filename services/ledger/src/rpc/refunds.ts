import { type PositionCodec, pageRequest, textIn } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { RefundSchema } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { cancelRefund } from '../app/cancel-refund.ts';
import { listWaitingRefunds } from '../app/list-waiting-refunds.ts';
import { refundPartOf } from '../app/refund-extent.ts';
import { reverseEarn } from '../app/reverse-earn.ts';
import { renderBalance } from '../messages/balance-message.ts';
import { renderEarn } from '../messages/earn-message.ts';
import { renderRefund } from '../messages/refund-message.ts';
import { authorOf } from './caller.ts';

const refundPosition: PositionCodec<{ transactionId: string; refundId: string }> = {
  toTexts: ({ transactionId, refundId }) => [transactionId, refundId],
  fromTexts([transaction = '', refund = '', ...others]) {
    const transactionId = textIn(transaction);
    const refundId = textIn(refund);
    if (others.length > 0 || transactionId === undefined || refundId === undefined)
      return undefined;
    return { transactionId, refundId };
  },
};

/** The RPCs of refunds. */
export function refundHandlers(
  app: App,
): Pick<Handlers<typeof LedgerService>, 'reverseEarn' | 'cancelRefund' | 'listWaitingRefunds'> {
  return {
    async reverseEarn({ programId, transactionId, refundId, extent }, context) {
      const { refund, earned, replayed } = await reverseEarn(
        app,
        { programId, transactionId, refundId, extent: refundPartOf(extent) },
        authorOf(context),
      );
      return {
        refund: renderRefund(refund),
        ...(earned !== undefined && {
          earn: renderEarn({ ...earned.earn, userId: earned.userId }),
          balance: renderBalance(earned.balance),
        }),
        replayed,
      };
    },

    async cancelRefund({ programId, transactionId, refundId }) {
      return {
        refund: renderRefund(await cancelRefund(app, { programId, transactionId, refundId })),
      };
    },

    async listWaitingRefunds(request) {
      const { programId } = request;
      const list = { filter: { list: 'waiting-refunds', programId }, position: refundPosition };
      const page = await listWaitingRefunds(app, { programId, ...pageRequest(request, list) });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: RefundSchema,
        render: renderRefund,
      });
      return { refunds: messages, nextPageToken };
    },
  };
}
