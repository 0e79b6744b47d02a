import { create } from '@bufbuild/protobuf';
import { reasonCheckOf } from '@loyalty/platform/rpc/declared-reasons.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import {
  BatchEarnItemSchema,
  BatchEarnOutcomeSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { earn } from '../app/earn.ts';
import { parseEarn, renderEarnResult } from '../messages/earn-message.ts';
import { resultsOf } from './batch-results.ts';
import { fitBatch } from './batch-size.ts';
import { authorOf } from './caller.ts';

/** Many purchases that are credited in one call. */
export function earnBatchHandlers(app: App): Pick<Handlers<typeof LedgerService>, 'batchEarn'> {
  const validate = validatorOf(BatchEarnItemSchema);
  const checkReason = reasonCheckOf(LedgerService.method.earn);
  return {
    /** Credits each purchase by itself. The commit queue writes them together, because they arrive at the same time. */
    async batchEarn({ programId, earns, joinMissing }, context) {
      const author = authorOf(context);
      const together = { ...app, queue: await app.queue.together() };
      const results = await resultsOf(earns, {
        schema: BatchEarnItemSchema,
        checkReason,
        context,
        async apply(item) {
          validate(item);
          const input = { ...parseEarn({ ...item, programId }), joinMissing };
          return renderEarnResult(await earn(together, input, author));
        },
      });
      const outcomes = results.map(({ item, result }) =>
        create(BatchEarnOutcomeSchema, {
          transactionId: item.transaction?.transactionId ?? '',
          result,
        }),
      );
      fitBatch(BatchEarnOutcomeSchema, outcomes);
      return { outcomes };
    },
  };
}
