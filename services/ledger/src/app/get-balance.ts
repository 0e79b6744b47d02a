import { type Balance, balanceAt } from '../domain/balance.ts';
import type { Instant } from '../domain/instant.ts';
import type { LedgerReader, MemberName } from './ledger-store.ts';
import { requireAccount } from './require-account.ts';

/**
 * A member's points at this instant, whether or not what is due has been written.
 *
 * @throws {MembershipNotFound}
 */
export type GetBalanceUseCase = (member: MemberName) => Promise<Balance>;

export function createGetBalance(deps: {
  reader: LedgerReader;
  clock: () => Instant;
}): GetBalanceUseCase {
  return async (member) => {
    const now = deps.clock();
    return balanceAt(await requireAccount(deps.reader, member, now), now);
  };
}
