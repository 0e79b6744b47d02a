import { RedemptionNotFound } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import { type Redemption, redemptionAt } from '../domain/redemption-state.ts';
import type { LedgerReader, MemberName } from './ledger-store.ts';

/**
 * A member's redemption as it is at this instant, whether or not the end of its hold has been written.
 *
 * @throws {RedemptionNotFound}
 */
export type GetRedemptionUseCase = (
  query: MemberName & { redemptionId: string },
) => Promise<Redemption>;

export function createGetRedemption(deps: {
  reader: LedgerReader;
  clock: () => Instant;
}): GetRedemptionUseCase {
  return async (query) => {
    const redemption = await deps.reader.redemption(query);
    if (redemption === undefined) throw new RedemptionNotFound();
    return redemptionAt(redemption, deps.clock());
  };
}
