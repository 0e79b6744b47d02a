import { implement, type Mountable } from '@loyalty/platform/rpc/handler.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { MessagingApp } from '../app/app.ts';
import { adjustmentHandlers } from './adjustments.ts';
import { balanceHandlers } from './balances.ts';
import { deadLetterHandlers } from './dead-letters.ts';
import { earnBatchHandlers } from './earn-batches.ts';
import { earnHandlers } from './earns.ts';
import { entryHandlers } from './entries.ts';
import { journalHandlers } from './journal.ts';
import { membershipListHandlers } from './membership-lists.ts';
import { membershipHandlers } from './memberships.ts';
import { quoteHandlers } from './quotes.ts';
import { redemptionListHandlers } from './redemption-lists.ts';
import { redemptionHandlers } from './redemptions.ts';
import { refundHandlers } from './refunds.ts';
import { statementHandlers } from './statements.ts';
import { summaryHandlers } from './summaries.ts';

/** All RPC services of this process. */
export function ledgerServices(app: MessagingApp): Mountable[] {
  return [
    implement(MembershipService, { ...membershipHandlers(app), ...membershipListHandlers(app) }),
    implement(LedgerService, {
      ...earnHandlers(app),
      ...earnBatchHandlers(app),
      ...refundHandlers(app),
      ...balanceHandlers(app),
      ...adjustmentHandlers(app),
      ...entryHandlers(app),
      ...statementHandlers(app),
      ...journalHandlers(app),
      ...summaryHandlers(app),
    }),
    implement(RedemptionService, {
      ...quoteHandlers(app),
      ...redemptionHandlers(app),
      ...redemptionListHandlers(app),
    }),
    implement(DeadLetterService, deadLetterHandlers(app)),
  ];
}
