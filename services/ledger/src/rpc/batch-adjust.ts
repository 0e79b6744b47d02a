import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import {
  type BatchAdjustItem,
  BatchAdjustItemSchema,
  type BatchAdjustOutcomeSchema,
  type LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { AdjustBalanceInput, AdjustBalanceResult } from '../app/adjust-balance.ts';
import type { App } from '../app/app.ts';
import { parseAdjustment, renderAdjustment } from './adjustment-message.ts';
import { renderFailure } from './batch-failure.ts';
import { causeOf } from './caller.ts';
import { cutInstantOf } from './time.ts';

type Method = typeof LedgerService.method.batchAdjust;
type Outcome = MessageInitShape<typeof BatchAdjustOutcomeSchema>;

/** Makes each correction for itself. The commit queue writes them together, because they come at the same time. */
export function batchAdjustHandler({ adjustBalance }: Pick<App, 'adjustBalance'>): Handler<Method> {
  const validate = validatorOf(BatchAdjustItemSchema);
  return async ({ programId, adjustments, joinMissing }, context) => {
    const cause = causeOf(context);
    const settled = await Promise.allSettled(
      adjustments.map(async (item) => {
        validate(item);
        return await adjustBalance(parseItem(item, { programId, joinMissing }), cause);
      }),
    );
    return {
      outcomes: adjustments.map((item, index) =>
        outcomeOf(item, settled[index] as PromiseSettledResult<AdjustBalanceResult>, context),
      ),
    };
  };
}

function parseItem(
  item: BatchAdjustItem,
  { programId, joinMissing }: { programId: string; joinMissing: boolean },
): AdjustBalanceInput {
  const joinTime = cutInstantOf(item.joinTime, 'join_time');
  const adjustment = parseAdjustment({ ...item, programId });
  return joinMissing ? { ...adjustment, joining: { joinTime } } : adjustment;
}

function outcomeOf(
  { userId }: BatchAdjustItem,
  settled: PromiseSettledResult<AdjustBalanceResult>,
  context: CallContext,
): Outcome {
  return {
    userId,
    result:
      settled.status === 'fulfilled'
        ? { case: 'success', value: renderAdjustment(settled.value) }
        : { case: 'failure', value: renderFailure(settled.reason, BatchAdjustItemSchema, context) },
  };
}
