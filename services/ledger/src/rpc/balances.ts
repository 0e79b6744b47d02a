import { create } from '@bufbuild/protobuf';
import { instantPosition, pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import { reasonCheckOf } from '@loyalty/platform/rpc/declared-reasons.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import { EntrySchema } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import {
  AdjustBalanceRequestSchema,
  type BatchAdjustItem,
  BatchAdjustItemSchema,
  BatchAdjustOutcomeSchema,
  ExpirySchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MaturitySchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import { type AdjustBalanceInput, adjustBalance, adjustmentsOf } from '../app/adjust-balance.ts';
import type { App } from '../app/app.ts';
import { getBalance } from '../app/get-balance.ts';
import { listEntries } from '../app/list-entries.ts';
import { listExpiries, listMaturities } from '../app/list-expiries.ts';
import { listProgramEntries } from '../app/list-program-entries.ts';
import { parseAdjustment, renderAdjustment } from '../messages/adjustment-message.ts';
import { renderBalance, renderDated, renderExpiry } from '../messages/balance-message.ts';
import {
  parseEntryKind,
  renderDescribedEntry,
  renderEntryForMember,
} from '../messages/entry-message.ts';
import { resultsOf } from './batch-results.ts';
import { fitBatch } from './batch-size.ts';
import { authorOf, isMember } from './caller.ts';
import { entryPosition } from './positions.ts';

/** Balances, their journals, and corrections by hand. */
export function balanceHandlers(
  app: App,
): Pick<
  Handlers<typeof LedgerService>,
  | 'getBalance'
  | 'listExpiries'
  | 'listMaturities'
  | 'listEntries'
  | 'listProgramEntries'
  | 'adjustBalance'
  | 'batchAdjust'
> {
  const validate = validatorOf(BatchAdjustItemSchema);
  const checkReason = reasonCheckOf(LedgerService.method.adjustBalance);
  return {
    async getBalance({ programId, userId }) {
      return {
        balance: renderBalance(await getBalance(app, { programId, userId })),
      };
    },

    async listExpiries(request) {
      const member = { programId: request.programId, userId: request.userId };
      const list = { filter: { list: 'expiries', ...member }, position: instantPosition };
      const page = await listExpiries(app, { ...member, ...pageRequest(request, list) });
      const rendering = { page, list, schema: ExpirySchema, render: renderExpiry };
      const { messages, nextPageToken } = renderPage(rendering);
      return { expiries: messages, nextPageToken };
    },

    async listMaturities(request) {
      const member = { programId: request.programId, userId: request.userId };
      const list = { filter: { list: 'maturities', ...member }, position: instantPosition };
      const page = await listMaturities(app, { ...member, ...pageRequest(request, list) });
      const rendering = { page, list, schema: MaturitySchema, render: renderDated };
      const { messages, nextPageToken } = renderPage(rendering);
      return { maturities: messages, nextPageToken };
    },

    async listEntries(request, context) {
      const { programId, userId } = request;
      const kinds = request.kinds.map(parseEntryKind);
      const startTime = msOfTimestamp(request.startTime, 'start_time');
      const endTime = msOfTimestamp(request.endTime, 'end_time');
      const filter = {
        list: 'entries',
        programId,
        userId,
        kinds: kinds.toSorted().join(),
        startTime,
        endTime,
      };
      const list = { filter, position: sequencePosition };
      const page = await listEntries(app, {
        programId,
        userId,
        kinds,
        startTime,
        endTime,
        ...pageRequest(request, list),
      });
      const render = isMember(context) ? renderEntryForMember : renderDescribedEntry;
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: EntrySchema,
        render: (entry) => render({ ...entry, userId }),
      });
      return { entries: messages, nextPageToken };
    },

    async listProgramEntries(request) {
      const kinds = request.kinds.map(parseEntryKind);
      const query = {
        programId: request.programId,
        startTime: msOfTimestamp(request.startTime, 'start_time'),
        endTime: msOfTimestamp(request.endTime, 'end_time'),
      };
      const filter = { list: 'program-entries', ...query, kinds: kinds.toSorted().join() };
      const list = { filter, position: entryPosition };
      const page = await listProgramEntries(app, {
        ...query,
        kinds,
        ...pageRequest(request, list),
      });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: EntrySchema,
        render: renderDescribedEntry,
      });
      return { entries: messages, nextPageToken };
    },

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
