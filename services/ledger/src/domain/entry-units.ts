import { type Entry, pointsOf } from './journal.ts';
import type { Redemption } from './redemption-state.ts';

/**
 * How many units of its reward an entry moved: those that were reserved, spent, released, refused or given back. A
 * conversion is one unit, whatever its points.
 *
 * @param redemption as it is after the entry, or later
 */
export function unitsOfEntry(entry: Entry, redemption: Redemption): number {
  const { quantity, askedQuantity } = redemption;
  if (redemption.value !== undefined) return quantity;
  switch (entry.kind) {
    case 'CAPTURE':
      return quantity;
    case 'RELEASE': {
      const isCaptured = redemption.state === 'CAPTURED' || redemption.state === 'REVERSED';
      return isCaptured ? askedQuantity - quantity : askedQuantity;
    }
    case 'RETURN': {
      const unitPoints = redemption.askedPoints / BigInt(askedQuantity);
      return unitPoints === 0n ? quantity : Number(pointsOf(entry) / unitPoints);
    }
    default:
      return askedQuantity;
  }
}
