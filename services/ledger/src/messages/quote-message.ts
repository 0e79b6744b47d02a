import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RewardQuoteSchema } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { RewardQuote } from '../app/quote-redemption.ts';

/** A quote as the contract shows it. */
export function renderQuote(quote: RewardQuote): MessageInitShape<typeof RewardQuoteSchema> {
  const { price, obstacles } = quote;
  return {
    rewardId: quote.rewardId,
    displayName: quote.displayName,
    description: quote.description,
    imageUri: quote.imageUri,
    ...(quote.stockLeft !== undefined && { stockLeft: quote.stockLeft }),
    quantity: quote.quantity,
    points: price.points,
    ...(price.value !== undefined && { value: price.value }),
    affordable: obstacles.length === 0,
    obstacles: obstacles.map(({ reason, metadata }) => ({
      reason: ErrorReason[reason],
      metadata: { ...metadata },
    })),
  };
}
