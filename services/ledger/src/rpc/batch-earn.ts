import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import {
  type BatchEarnItem,
  BatchEarnItemSchema,
  type BatchEarnOutcomeSchema,
  type LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import type { EarnResult } from '../app/earn.ts';
import { renderFailure } from './batch-failure.ts';
import { causeOf } from './caller.ts';
import { parseEarn, renderEarnResult } from './earn-message.ts';

type Method = typeof LedgerService.method.batchEarn;
type Outcome = MessageInitShape<typeof BatchEarnOutcomeSchema>;

/** Credits each transaction for itself. The commit queue writes them together, because they come at the same time. */
export function batchEarnHandler({ earn }: Pick<App, 'earn'>): Handler<Method> {
  const validate = validatorOf(BatchEarnItemSchema);
  return async ({ programId, earns, joinMissing }, context) => {
    const cause = causeOf(context);
    const settled = await Promise.allSettled(
      earns.map(async (item) => {
        validate(item);
        return await earn({ ...parseEarn({ ...item, programId }), joinMissing }, cause);
      }),
    );
    return {
      outcomes: earns.map((item, index) =>
        outcomeOf(item, settled[index] as PromiseSettledResult<EarnResult>, context),
      ),
    };
  };
}

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
