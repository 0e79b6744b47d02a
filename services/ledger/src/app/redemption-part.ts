import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { Redemption } from '../domain/redemption-state.ts';

/** Which part of a redemption: everything that is left, units of a fixed price, or points of a conversion. */
export type RedemptionPartName =
  | { readonly kind: 'ALL' }
  | { readonly kind: 'QUANTITY'; readonly quantity: number }
  | { readonly kind: 'POINTS'; readonly points: bigint };

/** How many points and units a part is. */
export interface RedemptionAmount {
  readonly points: bigint;
  readonly quantity: number;
}

/**
 * How much the named part of a redemption is, of what nothing was given back of yet.
 *
 * @throws {ValidationFailed} when it isn't a part of such a redemption, or more than is left
 */
export function partOf(redemption: Redemption, part: RedemptionPartName): RedemptionAmount {
  const left = redemption.points - redemption.reversedPoints;
  const conversion = redemption.value !== undefined;
  switch (part.kind) {
    case 'ALL':
      return { points: left, quantity: redemption.quantity };
    case 'QUANTITY': {
      if (conversion) throw invalid('quantity', 'leave it out: a conversion is counted in points');
      const unitPoints = redemption.askedPoints / BigInt(redemption.askedQuantity);
      const points = unitPoints * BigInt(part.quantity);
      if (points > left) throw invalid('quantity', `must be at most ${left / unitPoints}`);
      return { points, quantity: part.quantity };
    }
    case 'POINTS':
      if (!conversion) throw invalid('points', 'leave them out: say how many units instead');
      if (part.points > left) throw invalid('points', `must be at most ${left}`);
      return { points: part.points, quantity: redemption.quantity };
    default:
      return part satisfies never;
  }
}

/** The value of some points of a conversion, rounded down to the minor unit as the whole was. */
export function valueOfPart({ value, rate }: Redemption, points: bigint): Redemption['value'] {
  return value && rate && { ...value, minorUnits: (points * rate.minorUnits) / rate.points };
}

/** A part as content for a fingerprint. */
export function partContent(part: RedemptionPartName): [string, string] {
  switch (part.kind) {
    case 'ALL':
      return ['ALL', ''];
    case 'QUANTITY':
      return ['QUANTITY', String(part.quantity)];
    case 'POINTS':
      return ['POINTS', String(part.points)];
    default:
      return part satisfies never;
  }
}

function invalid(field: string, message: string): ValidationFailed {
  return new ValidationFailed([{ field, message }]);
}
