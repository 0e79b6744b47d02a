import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { suspendProgram } from '../app/suspend-program.ts';
import { authorOf } from './caller.ts';
import { renderProgram } from './program-message.ts';

type Method = typeof ProgramService.method.suspendProgram;

export function suspendProgramHandler(app: App): Handler<Method> {
  return async ({ programId }, context) => {
    const program = await suspendProgram(app, { programId, author: authorOf(context) });
    return { program: renderProgram(program) };
  };
}
