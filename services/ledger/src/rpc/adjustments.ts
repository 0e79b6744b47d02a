import { create } from '@bufbuild/protobuf';
import { reasonCheckOf } from '@loyalty/platform/rpc/declared-reasons.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import {
  AdjustBalanceRequestSchema,
  type BatchAdjustItem,
  BatchAdjustItemSchema,
  BatchAdjustOutcomeSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { type AdjustBalanceInput, adjustBalance, adjustmentsOf } from '../app/adjust-balance.ts';
import type { App } from '../app/app.ts';
import { parseAdjustment, renderAdjustment } from '../messages/adjustment-message.ts';
import { resultsOf } from './batch-results.ts';
import { fitBatch } from './batch-size.ts';
import { authorOf } from './caller.ts';

/** Corrections by hand. */
export function adjustmentHandlers(
  app: App,
): Pick<Handlers<typeof LedgerService>, 'adjustBalance' | 'batchAdjust'> {
  const validate = validatorOf(BatchAdjustItemSchema);
  const checkReason = reasonCheckOf(LedgerService.method.adjustBalance);
  return {
    async adjustBalance(request, context) {
      requireStorable(AdjustBalanceRequestSchema, request);
      const result = await adjustBalance(app, parseAdjustment(request), authorOf(context));
      return renderAdjustment(request, result);
    },

    /** Makes each correction for itself. The commit queue writes them together, because they come at the same time. */
    async batchAdjust({ programId, adjustments, joinMissing }, context) {
      const together = { ...app, queue: await app.queue.together() };
      const adjust = adjustmentsOf(together, programId, authorOf(context));
      const results = await resultsOf(adjustments, {
        schema: BatchAdjustItemSchema,
        checkReason,
        context,
        async apply(item) {
          validate(item);
          requireStorable(BatchAdjustItemSchema, item);
          const adjustment = parseItem(item, { programId, joinMissing });
          return renderAdjustment(item, await adjust(adjustment));
        },
      });
      const outcomes = results.map(({ item: { userId }, result }) =>
        create(BatchAdjustOutcomeSchema, { userId, result }),
      );
      fitBatch(BatchAdjustOutcomeSchema, outcomes);
      return { outcomes };
    },
  };
}

function parseItem(
  item: BatchAdjustItem,
  { programId, joinMissing }: { programId: string; joinMissing: boolean },
): AdjustBalanceInput {
  const joinTime = msOfTimestamp(item.joinTime, 'join_time');
  const adjustment = parseAdjustment({ ...item, programId });
  return joinMissing ? { ...adjustment, joining: { joinTime } } : adjustment;
}
