import type { Instant } from '@loyalty/rules/instant.ts';
import { MembershipNotFound } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import type { LedgerReader, MemberName } from './ledger-store.ts';

/**
 * The account of a member as it was written, for the balance at `now`.
 *
 * @throws {MembershipNotFound}
 */
export async function requireAccount(
  reader: LedgerReader,
  member: MemberName,
  now: Instant,
): Promise<Account> {
  const account = await reader.account(member, now);
  if (account === undefined) throw new MembershipNotFound();
  return account;
}
