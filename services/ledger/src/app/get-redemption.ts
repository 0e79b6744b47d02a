import { RedemptionNotFound } from '../domain/errors.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import type { LedgerReader, MemberName } from './ledger-store.ts';

/** @throws {RedemptionNotFound} */
export type GetRedemptionUseCase = (
  query: MemberName & { redemptionId: string },
) => Promise<Redemption>;

export function createGetRedemption({ reader }: { reader: LedgerReader }): GetRedemptionUseCase {
  return async (query) => {
    const redemption = await reader.redemption(query);
    if (redemption === undefined) throw new RedemptionNotFound();
    return redemption;
  };
}
