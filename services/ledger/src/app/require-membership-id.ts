import { MembershipNotFound } from '../domain/errors.ts';
import type { LedgerReader, MemberName } from './ledger-store.ts';

/** @throws {MembershipNotFound} */
export async function requireMembershipId(
  reader: LedgerReader,
  member: MemberName,
): Promise<bigint> {
  const membershipId = await reader.membershipId(member);
  if (membershipId === undefined) throw new MembershipNotFound();
  return membershipId;
}
