// A stand-in for the platform in the tests of those who use it.
import { create } from '@bufbuild/protobuf';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import {
  LedgerService,
  ReverseEarnRequestSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { EarnProducer } from '../earn-producer.ts';
import type { LoyaltyClient } from '../loyalty-client.ts';
import type { LoyaltyError } from '../loyalty-error.ts';
import { checkEarn, checkRefund } from '../producer-checks.ts';
import { ledgerHandlers, noting } from './double-ledger.ts';
import { membershipHandlers } from './double-memberships.ts';
import type { DoubleProgram } from './double-program.ts';
import { redemptionHandlers } from './double-redemptions.ts';
import { createStore } from './double-store.ts';
import { serviceOf } from './handlers.ts';

export interface DoubleOptions {
  /** By program id. */
  programs: Readonly<Record<string, DoubleProgram>>;
  /** The clock; the machine's when absent. */
  now?: (() => Date) | undefined;
}

/** The interface of the client, in memory and without a network. */
export interface LoyaltyDouble extends LoyaltyClient {
  /** Applies messages at once. */
  readonly producer: EarnProducer;
  /** Why messages and submitted purchases couldn't be applied, the oldest first: they would be dead letters. */
  readonly refusedMessages: readonly LoyaltyError[];
}

/**
 * A platform in memory, for tests: memberships, earns, refunds in full or by amount, balances, the journal, adjustments,
 * and redemptions with a fixed price, held or at once. It checks required fields only, accepts every token, and its clock
 * expires nothing; anything else rejects with {@link NotInDouble}. Its responses are those of the real ledger, as
 * far as both can do the same.
 */
export function createLoyaltyDouble(options: DoubleOptions): LoyaltyDouble {
  const store = createStore(options.programs, options.now ?? (() => new Date()));
  const refusedMessages: LoyaltyError[] = [];
  const refuse = (error: LoyaltyError) => refusedMessages.push(error);
  const { handlers, earn, reverse } = ledgerHandlers(store, refuse);
  return {
    ledger: serviceOf(LedgerService, handlers),
    memberships: serviceOf(MembershipService, membershipHandlers(store)),
    redemptions: serviceOf(RedemptionService, redemptionHandlers(store)),
    deadLetters: serviceOf(DeadLetterService),
    programs: serviceOf(ProgramService),
    ruleSets: serviceOf(RuleSetService),
    rewards: serviceOf(RewardService),
    refusedMessages,
    producer: {
      async earn(event) {
        const message = create(EarnRequestedSchema, event);
        checkEarn(message);
        noting(refuse, () => earn(message));
      },
      async refund(event) {
        const message = create(RefundRequestedSchema, event);
        checkRefund(message);
        const { programId, transactionId, refundId, extent } = message;
        const request = { programId, transactionId, refundId, extent };
        noting(refuse, () => reverse(create(ReverseEarnRequestSchema, request)));
      },
      async close() {},
    },
    close() {},
  };
}
