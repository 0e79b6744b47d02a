import { expect } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { fixed } from './custom-program.ts';
import { admin, checkout, type Setting } from './running-ledger.ts';

type Clients = Setting['clients'];

let markers = 0;

/**
 * Resolves once all these ledgers have heard of the program as it is now, by themselves: a reward that is created last
 * shows in what they offer.
 */
export async function awaitKnown(
  member: { programId: string; userId: string },
  { rewards }: Pick<Clients, 'rewards'>,
  ledgers: readonly Pick<Clients, 'redemptions'>[],
): Promise<void> {
  markers += 1;
  const rewardId = `marker-${markers}`;
  const { programId } = member;
  // Ledgers that read a large program here may stall a change of it for longer than a transaction may be idle.
  await eventually(() => rewards.createReward({ programId, reward: fixed(rewardId, 1n) }, admin));
  for (const { redemptions } of ledgers) {
    await eventually(async () => {
      const { rewardQuotes } = await redemptions.listRewardQuotes(member, checkout);
      expect(rewardQuotes.map((quote) => quote.rewardId)).toContain(rewardId);
    });
  }
}
