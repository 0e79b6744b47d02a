import { implement, type Mountable, unimplemented } from '@loyalty/platform/rpc/handler.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { App } from '../app/app.ts';
import { batchEarnHandler } from './batch-earn.ts';
import { earnHandler } from './earn.ts';
import { getBalanceHandler } from './get-balance.ts';
import { getEarnHandler } from './get-earn.ts';
import { getMembershipHandler } from './get-membership.ts';
import { getRedemptionHandler } from './get-redemption.ts';
import { joinProgramHandler } from './join-program.ts';
import { listEntriesHandler } from './list-entries.ts';
import { listMembersHandler } from './list-members.ts';
import { listMembershipsHandler } from './list-memberships.ts';
import { listRedemptionsHandler } from './list-redemptions.ts';
import { redeemHandler } from './redeem.ts';
import { submitEarnHandler } from './submit-earn.ts';

/** Everything that this service answers. */
export function ledgerServices(app: App): Mountable[] {
  return [
    implement(MembershipService, {
      joinProgram: joinProgramHandler(app),
      getMembership: getMembershipHandler(app),
      listMembers: listMembersHandler(app),
      updateMembership: unimplemented,
      listMemberships: listMembershipsHandler(app),
      suspendMembership: unimplemented,
      resumeMembership: unimplemented,
      leaveProgram: unimplemented,
    }),
    implement(LedgerService, {
      earn: earnHandler(app),
      submitEarn: submitEarnHandler(app),
      batchEarn: batchEarnHandler(app),
      getEarn: getEarnHandler(app),
      listEarns: unimplemented,
      reverseEarn: unimplemented,
      cancelRefund: unimplemented,
      listWaitingRefunds: unimplemented,
      getBalance: getBalanceHandler(app),
      listEntries: listEntriesHandler(app),
      adjustBalance: unimplemented,
    }),
    implement(RedemptionService, {
      quoteRedemption: unimplemented,
      listRewardQuotes: unimplemented,
      redeem: redeemHandler(app),
      getRedemption: getRedemptionHandler(app),
      listRedemptions: listRedemptionsHandler(app),
      captureRedemption: unimplemented,
      cancelRedemption: unimplemented,
      reverseRedemption: unimplemented,
    }),
    implement(DeadLetterService, {
      listDeadLetters: unimplemented,
      getDeadLetter: unimplemented,
      replayDeadLetter: unimplemented,
      discardDeadLetter: unimplemented,
    }),
  ];
}
