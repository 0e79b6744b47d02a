import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { isMember } from './caller.ts';
import { parseEntryKind, renderEntry, renderEntryForMember } from './entry-message.ts';
import { nextPageToken, parseSequencePage } from './page-request.ts';
import { instantOf } from './time.ts';

type Method = typeof LedgerService.method.listEntries;

export function listEntriesHandler({ listEntries }: Pick<App, 'listEntries'>): Handler<Method> {
  return async (request, context) => {
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
    const { items, next } = await listEntries({
      programId,
      userId,
      kinds,
      startTime,
      endTime,
      ...parseSequencePage(request, filter),
    });
    const render = isMember(context) ? renderEntryForMember : renderEntry;
    return { entries: items.map(render), nextPageToken: nextPageToken(next, filter) };
  };
}
