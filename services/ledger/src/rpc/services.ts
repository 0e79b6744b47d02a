import { implement, type Mountable } from '@loyalty/platform/rpc/handler.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { adjustBalanceHandler } from './adjust-balance.ts';
import { batchAdjustHandler } from './batch-adjust.ts';
import { batchEarnHandler } from './batch-earn.ts';
import { cancelRedemptionHandler } from './cancel-redemption.ts';
import { cancelRefundHandler } from './cancel-refund.ts';
import { captureRedemptionHandler } from './capture-redemption.ts';
import { discardDeadLetterHandler } from './discard-dead-letter.ts';
import { earnHandler } from './earn.ts';
import { getBalanceHandler } from './get-balance.ts';
import { getDeadLetterHandler } from './get-dead-letter.ts';
import { getEarnHandler } from './get-earn.ts';
import { getMembershipHandler } from './get-membership.ts';
import { getRedemptionHandler } from './get-redemption.ts';
import { joinProgramHandler } from './join-program.ts';
import { leaveProgramHandler } from './leave-program.ts';
import { listDeadLettersHandler } from './list-dead-letters.ts';
import { listEarnsHandler } from './list-earns.ts';
import { listEntriesHandler } from './list-entries.ts';
import { listMembersHandler } from './list-members.ts';
import { listMembershipsHandler } from './list-memberships.ts';
import { listOpenHoldsHandler } from './list-open-holds.ts';
import { listRedemptionsHandler } from './list-redemptions.ts';
import { listRewardQuotesHandler } from './list-reward-quotes.ts';
import { listWaitingRefundsHandler } from './list-waiting-refunds.ts';
import { quoteRedemptionHandler } from './quote-redemption.ts';
import { redeemHandler } from './redeem.ts';
import { replayDeadLetterHandler } from './replay-dead-letter.ts';
import { resumeMembershipHandler } from './resume-membership.ts';
import { reverseEarnHandler } from './reverse-earn.ts';
import { reverseRedemptionHandler } from './reverse-redemption.ts';
import { submitEarnHandler } from './submit-earn.ts';
import { suspendMembershipHandler } from './suspend-membership.ts';
import { updateMembershipHandler } from './update-membership.ts';

/** Everything that this service answers. */
export function ledgerServices(app: App): Mountable[] {
  return [
    implement(MembershipService, {
      joinProgram: joinProgramHandler(app),
      getMembership: getMembershipHandler(app),
      listMembers: listMembersHandler(app),
      updateMembership: updateMembershipHandler(app),
      listMemberships: listMembershipsHandler(app),
      suspendMembership: suspendMembershipHandler(app),
      resumeMembership: resumeMembershipHandler(app),
      leaveProgram: leaveProgramHandler(app),
    }),
    implement(LedgerService, {
      earn: earnHandler(app),
      submitEarn: submitEarnHandler(app),
      batchEarn: batchEarnHandler(app),
      getEarn: getEarnHandler(app),
      listEarns: listEarnsHandler(app),
      reverseEarn: reverseEarnHandler(app),
      cancelRefund: cancelRefundHandler(app),
      listWaitingRefunds: listWaitingRefundsHandler(app),
      getBalance: getBalanceHandler(app),
      listEntries: listEntriesHandler(app),
      adjustBalance: adjustBalanceHandler(app),
      batchAdjust: batchAdjustHandler(app),
    }),
    implement(RedemptionService, {
      quoteRedemption: quoteRedemptionHandler(app),
      listRewardQuotes: listRewardQuotesHandler(app),
      redeem: redeemHandler(app),
      getRedemption: getRedemptionHandler(app),
      listRedemptions: listRedemptionsHandler(app),
      listOpenHolds: listOpenHoldsHandler(app),
      captureRedemption: captureRedemptionHandler(app),
      cancelRedemption: cancelRedemptionHandler(app),
      reverseRedemption: reverseRedemptionHandler(app),
    }),
    implement(DeadLetterService, {
      listDeadLetters: listDeadLettersHandler(app),
      getDeadLetter: getDeadLetterHandler(app),
      replayDeadLetter: replayDeadLetterHandler(app),
      discardDeadLetter: discardDeadLetterHandler(app),
    }),
  ];
}
