import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { archiveProgram } from '../app/archive-program.ts';
import { authorOf, servedCallOf } from './caller.ts';
import { renderProgram } from './program-message.ts';

type Method = typeof ProgramService.method.archiveProgram;

export function archiveProgramHandler(app: App): Handler<Method> {
  return async ({ programId }, context) => {
    const program = await archiveProgram(app, {
      programId,
      author: authorOf(context),
      served: servedCallOf(context),
    });
    return { program: renderProgram(program) };
  };
}
