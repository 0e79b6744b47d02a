import { decodePageToken, pageSize } from '@loyalty/platform/paging.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { listPrograms } from '../app/list-programs.ts';
import { viewerOf } from './caller.ts';
import { renderPage } from './page.ts';
import { renderProgram } from './program-message.ts';

type Method = typeof ProgramService.method.listPrograms;

const filter = { list: 'programs' };

export function listProgramsHandler(app: App): Handler<Method> {
  return async (request, context) => {
    const page = await listPrograms(app, {
      viewer: viewerOf(context),
      after: decodePageToken(request.pageToken, filter)?.[0],
      limit: pageSize(request.pageSize),
    });
    const { messages, nextPageToken } = renderPage({
      page,
      schema: ProgramSchema,
      render: renderProgram,
      filter,
      positionOf: ({ programId }) => programId,
    });
    return { programs: messages, nextPageToken };
  };
}
