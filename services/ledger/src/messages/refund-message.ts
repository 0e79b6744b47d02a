import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Refund_State, type RefundSchema } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import type { PurchaseRefund } from '../app/ledger-store.ts';
import { renderExtent } from './refund-extent-message.ts';

/** A refund as the contract shows it. */
export function renderRefund(refund: PurchaseRefund): MessageInitShape<typeof RefundSchema> {
  return {
    refundId: refund.refundId,
    transactionId: refund.transactionId,
    state: Refund_State[refund.state],
    points: refund.points,
    taken: refund.taken,
    lapsed: refund.lapsed,
    owed: refund.owed,
    forgiven: refund.forgiven,
    createTime: timestampFromMs(refund.createTime),
    extent: renderExtent(refund.extent),
  };
}
