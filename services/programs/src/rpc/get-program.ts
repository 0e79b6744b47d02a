import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { getProgram } from '../app/get-program.ts';
import { viewerOf } from './caller.ts';
import { renderProgram } from './program-message.ts';

type Method = typeof ProgramService.method.getProgram;

export function getProgramHandler(app: App): Handler<Method> {
  return async ({ programId }, context) => {
    const program = await getProgram(app, { programId, viewer: viewerOf(context) });
    return { program: renderProgram(program) };
  };
}
