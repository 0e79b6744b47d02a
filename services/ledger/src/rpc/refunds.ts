import { decodePageToken, encodePageToken, pageSize } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
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
      const filter = { list: 'waiting-refunds', programId };
      const [transactionId, refundId] = decodePageToken(request.pageToken, filter) ?? [];
      const { items, next } = await listWaitingRefunds(app, {
        programId,
        limit: pageSize(request.pageSize),
        after:
          transactionId === undefined || refundId === undefined
            ? undefined
            : { transactionId, refundId },
      });
      const position = next && [next.transactionId, next.refundId];
      return {
        refunds: items.map(renderRefund),
        nextPageToken: position === undefined ? '' : encodePageToken({ filter, position }),
      };
    },
  };
}
