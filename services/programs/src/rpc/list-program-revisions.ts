import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { listProgramRevisions } from '../app/list-program-revisions.ts';
import { viewerOf } from './caller.ts';

type Method = typeof ProgramService.method.listProgramRevisions;

export function listProgramRevisionsHandler(app: App): Handler<Method> {
  return async ({ programIds }, context) => {
    const revisions = await listProgramRevisions(app, { programIds, viewer: viewerOf(context) });
    return { revisions: [...revisions] };
  };
}
