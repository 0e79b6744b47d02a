import { pageRequest } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { EntrySchema } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { getStatement } from '../app/get-statement.ts';
import { renderDescribedEntry, renderEntryForMember } from '../messages/entry-message.ts';
import { renderStatement } from '../messages/statement-message.ts';
import { isMember } from './caller.ts';
import { statementPosition } from './positions.ts';

/** What changed balances in a period. */
export function statementHandlers(app: App): Pick<Handlers<typeof LedgerService>, 'getStatement'> {
  return {
    async getStatement(request, context) {
      const { programId, userId } = request;
      // The contract's validation requires both.
      const startTime = msOfTimestamp(request.startTime, 'start_time') ?? 0;
      const endTime = msOfTimestamp(request.endTime, 'end_time') ?? 0;
      const query = { programId, userId, startTime, endTime };
      const list = { filter: { list: 'statement', ...query }, position: statementPosition };
      const statement = await getStatement(app, { ...query, ...pageRequest(request, list) });
      const render = isMember(context) ? renderEntryForMember : renderDescribedEntry;
      const { messages, nextPageToken } = renderPage({
        page: statement.page,
        list,
        schema: EntrySchema,
        render: (entry) => render({ ...entry, userId }),
      });
      return { ...renderStatement(statement), entries: messages, nextPageToken };
    },
  };
}
