import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import {
  type BatchAdjustItem,
  BatchAdjustItemSchema,
  type BatchAdjustOutcomeSchema,
  type LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import {
  type AdjustBalanceInput,
  type AdjustBalanceResult,
  adjustBalance,
} from '../app/adjust-balance.ts';
import type { App } from '../app/app.ts';
import { getBalance } from '../app/get-balance.ts';
import { listEntries } from '../app/list-entries.ts';
import { parseAdjustment, renderAdjustment } from './adjustment-message.ts';
import { renderBalance } from './balance-message.ts';
import { renderFailure } from './batch-failure.ts';
import { causeOf, isMember } from './caller.ts';
import { parseEntryKind, renderEntry, renderEntryForMember } from './entry-message.ts';
import { nextPageToken, parseSequencePage } from './page-request.ts';
import { cutInstantOf, instantOf } from './time.ts';

/** Balances, their journals, and corrections by hand. */
export function balanceHandlers(
  app: App,
): Pick<
  Handlers<typeof LedgerService>,
  'getBalance' | 'listEntries' | 'adjustBalance' | 'batchAdjust'
> {
  const validate = validatorOf(BatchAdjustItemSchema);
  return {
    async getBalance({ programId, userId }) {
      return {
        balance: renderBalance(await getBalance(app, { programId, userId })),
      };
    },

    async listEntries(request, context) {
      const { programId, userId } = request;
      const kinds = request.kinds.map(parseEntryKind);
      const startTime = instantOf(request.startTime, 'start_time');
      const endTime = instantOf(request.endTime, 'end_time');
      const filter = {
        list: 'entries',
        programId,
        userId,
        kinds: kinds.toSorted().join(),
        startTime,
        endTime,
      };
      const { items, next } = await listEntries(app, {
        programId,
        userId,
        kinds,
        startTime,
        endTime,
        ...parseSequencePage(request, filter),
      });
      const render = isMember(context) ? renderEntryForMember : renderEntry;
      return { entries: items.map(render), nextPageToken: nextPageToken(next, filter) };
    },

    async adjustBalance(request, context) {
      return renderAdjustment(await adjustBalance(app, parseAdjustment(request), causeOf(context)));
    },

    /** Makes each correction for itself. The commit queue writes them together, because they come at the same time. */
    async batchAdjust({ programId, adjustments, joinMissing }, context) {
      const cause = causeOf(context);
      const settled = await Promise.allSettled(
        adjustments.map(async (item) => {
          validate(item);
          return await adjustBalance(app, parseItem(item, { programId, joinMissing }), cause);
        }),
      );
      return {
        outcomes: adjustments.map((item, index) =>
          outcomeOf(item, settled[index] as PromiseSettledResult<AdjustBalanceResult>, context),
        ),
      };
    },
  };
}

type Outcome = MessageInitShape<typeof BatchAdjustOutcomeSchema>;

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
