import { MembershipNotFound } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import type { LedgerReader, MemberName } from './ledger-store.ts';

/**
 * The account of a member, unsettled.
 *
 * @throws {MembershipNotFound}
 */
export async function requireAccount(reader: LedgerReader, member: MemberName): Promise<Account> {
  const account = await reader.account(member);
  if (account === undefined) throw new MembershipNotFound();
  return account;
}
