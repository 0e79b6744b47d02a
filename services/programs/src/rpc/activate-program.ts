import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { activateProgram } from '../app/activate-program.ts';
import type { App } from '../app/app.ts';
import { authorOf } from './caller.ts';
import { renderProgram } from './program-message.ts';

type Method = typeof ProgramService.method.activateProgram;

export function activateProgramHandler(app: App): Handler<Method> {
  return async ({ programId }, context) => {
    const program = await activateProgram(app, { programId, author: authorOf(context) });
    return { program: renderProgram(program) };
  };
}
