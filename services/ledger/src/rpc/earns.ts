import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import {
  type BatchEarnItem,
  BatchEarnItemSchema,
  type BatchEarnOutcomeSchema,
  type LedgerService,
  SubmitEarnResponse_State,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { MessagingApp } from '../app/app.ts';
import { type EarnResult, earn } from '../app/earn.ts';
import { getEarn } from '../app/get-earn.ts';
import { listEarns } from '../app/list-earns.ts';
import { submitEarn } from '../app/submit-earn.ts';
import { EarnNotPosted } from '../domain/errors.ts';
import { renderFailure } from './batch-failure.ts';
import { causeOf, isMember } from './caller.ts';
import { parseEarn, renderEarn, renderEarnResult } from './earn-message.ts';
import { nextPageToken, parseSequencePage } from './page-request.ts';

/** Transactions that are credited. */
export function earnHandlers(
  app: MessagingApp,
): Pick<
  Handlers<typeof LedgerService>,
  'earn' | 'submitEarn' | 'batchEarn' | 'getEarn' | 'listEarns'
> {
  const validate = validatorOf(BatchEarnItemSchema);
  return {
    async earn(request, context) {
      return renderEarnResult(await earn(app, parseEarn(request), causeOf(context)));
    },

    async submitEarn(request, context) {
      const input = parseEarn(request);
      await submitEarn(app, input, causeOf(context));
      return {
        programId: input.programId,
        transactionId: input.transaction.transactionId,
        state: SubmitEarnResponse_State.ACCEPTED,
      };
    },

    /** Credits each transaction for itself. The commit queue writes them together, because they come at the same time. */
    async batchEarn({ programId, earns, joinMissing }, context) {
      const cause = causeOf(context);
      const settled = await Promise.allSettled(
        earns.map(async (item) => {
          validate(item);
          return await earn(app, { ...parseEarn({ ...item, programId }), joinMissing }, cause);
        }),
      );
      return {
        outcomes: earns.map((item, index) =>
          outcomeOf(item, settled[index] as PromiseSettledResult<EarnResult>, context),
        ),
      };
    },

    /** To a member, another's earn is as one that doesn't exist. */
    async getEarn({ programId, transactionId }, context) {
      const earn = await getEarn(
        app,
        { programId, transactionId },
        { tellDeadLetter: !isMember(context) },
      );
      context.assertOwner(earn.userId, () => new EarnNotPosted());
      return { earn: renderEarn(earn) };
    },

    async listEarns(request) {
      const member = { programId: request.programId, userId: request.userId };
      const filter = { list: 'earns', ...member };
      const { items, next } = await listEarns(app, {
        ...member,
        ...parseSequencePage(request, filter),
      });
      return {
        earns: items.map((earn) => renderEarn({ ...earn, userId: member.userId })),
        nextPageToken: nextPageToken(next, filter),
      };
    },
  };
}

type Outcome = MessageInitShape<typeof BatchEarnOutcomeSchema>;

function outcomeOf(
  { transaction }: BatchEarnItem,
  settled: PromiseSettledResult<EarnResult>,
  context: CallContext,
): Outcome {
  return {
    transactionId: transaction?.transactionId ?? '',
    result:
      settled.status === 'fulfilled'
        ? { case: 'success', value: renderEarnResult(settled.value) }
        : { case: 'failure', value: renderFailure(settled.reason, BatchEarnItemSchema, context) },
  };
}
