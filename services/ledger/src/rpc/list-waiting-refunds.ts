import { decodePageToken, encodePageToken, pageSize } from '@loyalty/platform/paging.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderRefund } from './refund-message.ts';

type Method = typeof LedgerService.method.listWaitingRefunds;

export function listWaitingRefundsHandler({
  listWaitingRefunds,
}: Pick<App, 'listWaitingRefunds'>): Handler<Method> {
  return async (request) => {
    const { programId } = request;
    const filter = { list: 'waiting-refunds', programId };
    const [transactionId, refundId] = decodePageToken(request.pageToken, filter) ?? [];
    const { items, next } = await listWaitingRefunds({
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
  };
}
