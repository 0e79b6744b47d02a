import { fingerprintOf } from '@loyalty/rules/fingerprint.ts';
import { type MoneyMessage, moneyOf } from '@loyalty/rules/money.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';

/** How much a refund gives back, as calls and events express it. */
export type ReportedExtent =
  | { readonly case: 'full'; readonly value: object }
  | { readonly case: 'amount'; readonly value: MoneyMessage }
  | {
      readonly case: 'items';
      readonly value: { readonly items: readonly { itemId: string; quantity: number }[] };
    }
  | { readonly case: undefined };

/**
 * The extent of a refund, whose presence the contract's validation has seen to.
 *
 * @throws {ValidationFailed} when there is none, or an item is named twice
 */
export function refundPartOf(extent: ReportedExtent): RefundPart {
  switch (extent.case) {
    case 'full':
      return { kind: 'FULL' };
    case 'amount':
      return { kind: 'AMOUNT', amount: moneyOf(extent.value) };
    case 'items': {
      const { items } = extent.value;
      refuseRepeats(items);
      return {
        kind: 'ITEMS',
        items: items.map(({ itemId, quantity }) => ({ itemId, quantity })),
      };
    }
    case undefined:
      throw new ValidationFailed([{ field: 'extent', message: 'must be full, amount or items' }]);
    default:
      return extent satisfies never;
  }
}

function refuseRepeats(items: readonly { itemId: string }[]): void {
  const seen = new Set<string>();
  items.forEach(({ itemId }, index) => {
    if (seen.has(itemId)) {
      const message = `${itemId} is named twice; give each item once, with all of its units`;
      throw new ValidationFailed([{ field: `items.items[${index}].item_id`, message }]);
    }
    seen.add(itemId);
  });
}

/** What a repeat of a refund must have in common with it. The order of items makes no difference. */
export function refundFingerprint(part: RefundPart): Uint8Array {
  return fingerprintOf(contentOf(part));
}

function contentOf(part: RefundPart): (string | number)[] {
  switch (part.kind) {
    case 'FULL':
      return ['FULL'];
    case 'AMOUNT':
      return ['AMOUNT', part.amount.currencyCode, String(part.amount.minorUnits)];
    case 'ITEMS':
      return [
        'ITEMS',
        ...part.items
          .toSorted((a, b) => (a.itemId < b.itemId ? -1 : 1))
          .flatMap(({ itemId, quantity }) => [itemId, quantity]),
      ];
    default:
      return part satisfies never;
  }
}
