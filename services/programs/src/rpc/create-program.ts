import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { createProgram } from '../app/create-program.ts';
import { authorOf } from './caller.ts';
import { parseSettings, renderProgram } from './program-message.ts';
import { required } from './required.ts';

type Method = typeof ProgramService.method.createProgram;

export function createProgramHandler(app: App): Handler<Method> {
  return async (request, context) => {
    const message = required(request.program, 'program');
    const program = await createProgram(app, {
      programId: message.programId,
      settings: parseSettings(message),
      author: authorOf(context),
    });
    return { program: renderProgram(program) };
  };
}
