import { type Balance, balanceAt } from '../domain/balance.ts';
import type { App } from './app.ts';
import type { MemberName } from './ledger-store.ts';
import { requireAccount } from './require-account.ts';

/**
 * A member's points at this instant, whether or not what is due has been written.
 *
 * @throws {MembershipNotFound}
 */
export async function getBalance(app: App, member: MemberName): Promise<Balance> {
  const now = app.clock();
  return balanceAt(await requireAccount(app.reader, member, now), now);
}
