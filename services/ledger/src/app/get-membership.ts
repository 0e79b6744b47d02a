import type { App } from './app.ts';
import type { MemberName } from './ledger-store.ts';
import { type MembershipView, viewMembership } from './membership-view.ts';
import { requireAccount } from './require-account.ts';

/** @throws {MembershipNotFound} */
export async function getMembership(app: App, member: MemberName): Promise<MembershipView> {
  const now = app.clock();
  return viewMembership(await requireAccount(app.reader, member, now), now);
}
