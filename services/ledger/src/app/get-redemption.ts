import { RedemptionNotFound } from '../domain/errors.ts';
import { type Redemption, redemptionAt } from '../domain/redemption-state.ts';
import type { App } from './app.ts';
import type { MemberName } from './ledger-store.ts';

/**
 * A member's redemption as it is at this instant, whether or not the end of its hold has been written.
 *
 * @throws {RedemptionNotFound}
 */
export async function getRedemption(
  app: App,
  query: MemberName & { redemptionId: string },
): Promise<Redemption> {
  const redemption = await app.reader.redemption(query);
  if (redemption === undefined) throw new RedemptionNotFound();
  return redemptionAt(redemption, app.clock());
}
