import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RefundSchema } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';

type Extent = NonNullable<MessageInitShape<typeof RefundSchema>['extent']>;

/** How much of a purchase was refunded, as it was reported. */
export function renderExtent(part: RefundPart): Extent {
  switch (part.kind) {
    case 'FULL':
      return { case: 'full', value: {} };
    case 'AMOUNT':
      return { case: 'amount', value: part.amount };
    case 'ITEMS':
      return {
        case: 'items',
        value: { items: part.items.map(({ itemId, quantity }) => ({ itemId, quantity })) },
      };
    default:
      return part satisfies never;
  }
}
