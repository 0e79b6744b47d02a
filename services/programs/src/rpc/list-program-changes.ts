import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { decodePageToken, pageSize } from '@loyalty/platform/paging.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import {
  ProgramChange_Verb,
  ProgramChangeSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_change_pb.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { listProgramChanges } from '../app/list-program-changes.ts';
import type { ChangeRecord } from '../domain/change.ts';
import { renderPage } from './page.ts';

type Method = typeof ProgramService.method.listProgramChanges;

export function listProgramChangesHandler(app: App): Handler<Method> {
  return async (request) => {
    const { programId } = request;
    const filter = { list: 'changes', programId };
    const position = decodePageToken(request.pageToken, filter)?.[0];
    const page = await listProgramChanges(app, {
      programId,
      before: position === undefined ? undefined : BigInt(position),
      limit: pageSize(request.pageSize),
    });
    const { messages, nextPageToken } = renderPage({
      page,
      schema: ProgramChangeSchema,
      render: renderChange,
      filter,
      positionOf: ({ revision }) => String(revision),
    });
    return { changes: messages, nextPageToken };
  };
}

function renderChange(change: ChangeRecord): MessageInitShape<typeof ProgramChangeSchema> {
  return {
    programId: change.programId,
    revision: change.revision,
    verb: ProgramChange_Verb[change.verb],
    ruleSetVersion: change.ruleSetVersion ?? 0,
    rewardId: change.rewardId ?? '',
    fields: change.fields.map(({ field, before, after }) => ({ field, before, after })),
    actor: change.actor,
    requestId: change.requestId,
    changeTime: timestampFromDate(change.time),
  };
}
