import type { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { MovingSetting } from './moving-clock.ts';
import { checkout } from './running-ledger.ts';

interface Member {
  programId: string;
  userId: string;
}

type Request = Parameters<MovingSetting['clients']['redemptions']['redeem']>[0];

/** Makes holds, and shows what becomes of them. */
export function holdsOf(setting: () => MovingSetting) {
  return {
    /** Redeems a glass, held; answers the names that the RPCs of redemptions ask for. */
    async hold(member: Member, changes: Request = {}, caller = checkout) {
      const capture = RedeemRequest_Capture.HOLD;
      const glass = { rewardId: 'glass', idempotencyKey: 'key', capture };
      const { redemption } = await setting().clients.redemptions.redeem(
        { ...member, ...glass, ...changes },
        caller,
      );
      return { ...member, redemptionId: redemption?.redemptionId ?? '' };
    },

    async balanceOf(member: Member) {
      return (await setting().clients.ledger.getBalance(member, checkout)).balance;
    },

    async stateOf(held: Member & { redemptionId: string }) {
      const { redemption } = await setting().clients.redemptions.getRedemption(held, checkout);
      return redemption?.state;
    },

    /** What the member's journal says, the oldest entry first. */
    async kindsOf(member: Member): Promise<Entry_Kind[]> {
      const { entries } = await setting().clients.ledger.listEntries(member, checkout);
      return entries.map(({ kind }) => kind).toReversed();
    },
  };
}
