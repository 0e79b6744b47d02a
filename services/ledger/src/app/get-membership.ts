import type { Instant } from '../domain/instant.ts';
import type { LedgerReader, MemberName } from './ledger-store.ts';
import { type MembershipView, viewMembership } from './membership-view.ts';
import { requireAccount } from './require-account.ts';

/** @throws {MembershipNotFound} */
export type GetMembershipUseCase = (member: MemberName) => Promise<MembershipView>;

export function createGetMembership(deps: {
  reader: LedgerReader;
  clock: () => Instant;
}): GetMembershipUseCase {
  return async (member) => {
    const now = deps.clock();
    return viewMembership(await requireAccount(deps.reader, member, now), now);
  };
}
