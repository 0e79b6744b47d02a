import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { listProgramRevisions } from '../app/list-program-revisions.ts';
import { viewerOf } from './caller.ts';

type Method = typeof ProgramService.method.listProgramRevisions;

export function listProgramRevisionsHandler(app: App): Handler<Method> {
  return async ({ epoch, after }, context) => {
    const list = await listProgramRevisions(app, { epoch, after, viewer: viewerOf(context) });
    return { ...list, revisions: [...list.revisions] };
  };
}
