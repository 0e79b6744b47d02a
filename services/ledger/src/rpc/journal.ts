import { type PagedList, pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import {
  JournalEventSchema,
  type JournalOfUser,
  type JournalPeriod,
  type LedgerService,
  type ReadJournalRequest,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { type JournalPage, readJournalOfProgram, readJournalOfUser } from '../app/read-journal.ts';
import { sharedHeaders } from '../messages/event-headers.ts';
import { type Event, eventsOf } from '../messages/event-message.ts';
import { entryPosition } from './positions.ts';

/** The events of journals, as they were published. */
export function journalHandlers(app: App): Pick<Handlers<typeof LedgerService>, 'readJournal'> {
  return {
    async readJournal(request) {
      const { range } = request;
      switch (range.case) {
        case 'period':
          return await readPeriod(app, request, range.value);
        case 'user':
          return await readUser(app, request, range.value);
        default:
          throw new Error('the validation let a request without a range through');
      }
    },
  };
}

async function readPeriod(app: App, request: ReadJournalRequest, period: JournalPeriod) {
  // The contract's validation requires both.
  const query = {
    programId: request.programId,
    startTime: msOfTimestamp(period.startTime, 'period.start_time') ?? 0,
    endTime: msOfTimestamp(period.endTime, 'period.end_time') ?? 0,
  };
  const list = { filter: { list: 'journal-of-program', ...query }, position: entryPosition };
  const page = await readJournalOfProgram(app, { ...query, ...pageRequest(request, list) });
  return renderJournal(page, list);
}

async function readUser(app: App, request: ReadJournalRequest, user: JournalOfUser) {
  const { userId, fromSequence } = user;
  const member = { programId: request.programId, userId };
  const filter = { list: 'journal-of-user', ...member, fromSequence: String(fromSequence) };
  const list = { filter, position: sequencePosition };
  const page = await readJournalOfUser(app, {
    ...member,
    fromSequence,
    ...pageRequest(request, list),
  });
  return renderJournal(page, list);
}

function renderJournal<Position>(page: JournalPage<Position>, list: PagedList<Position>) {
  const { positions, hasMore } = page;
  const { messages, nextPageToken } = renderPage({
    page: { items: eventsOf(page), positions, hasMore },
    list,
    schema: JournalEventSchema,
    render: renderEvent,
  });
  return { events: messages, nextPageToken };
}

function renderEvent({ subject, headers, data }: Event) {
  return { subject, headers: { ...sharedHeaders, ...headers }, data };
}
