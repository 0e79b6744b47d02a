import { pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { EntrySchema } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { listEntries } from '../app/list-entries.ts';
import { listProgramEntries } from '../app/list-program-entries.ts';
import {
  parseEntryKind,
  renderDescribedEntry,
  renderEntryForMember,
} from '../messages/entry-message.ts';
import { isMember } from './caller.ts';
import { entryPosition } from './positions.ts';

/** The entries of journals. */
export function entryHandlers(
  app: App,
): Pick<Handlers<typeof LedgerService>, 'listEntries' | 'listProgramEntries'> {
  return {
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
  };
}
