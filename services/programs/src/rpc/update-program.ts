import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import {
  type Program as ProgramMessage,
  ProgramSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { updateProgram } from '../app/update-program.ts';
import type { ProgramSettings } from '../domain/program.ts';
import { authorOf } from './caller.ts';
import { parseProgramState, parseSettings, renderProgram } from './program-message.ts';
import { required, requireSameId } from './required.ts';

type Method = typeof ProgramService.method.updateProgram;

const settingOf: Readonly<Record<string, keyof ProgramSettings>> = {
  display_name: 'displayName',
  description: 'description',
  unit: 'unit',
  time_zone: 'timeZone',
  enrollment: 'enrollment',
  limits: 'limits',
  metadata: 'metadata',
};

export function updateProgramHandler(app: App): Handler<Method> {
  return async (request, context) => {
    const message = required(request.program, 'program');
    requireSameId('program.program_id', { inBody: message.programId, inPath: request.programId });
    const fields = pathsToUpdate({
      schema: ProgramSchema,
      message,
      field: 'program',
      mask: request.updateMask,
      updatable: Object.keys(settingOf),
      ignored: [
        'program_id',
        'state',
        'active_rule_set_version',
        'etag',
        'create_time',
        'update_time',
      ],
    });
    const program = await updateProgram(app, {
      programId: request.programId,
      settings: changedSettings(message, fields),
      assumedState: parseProgramState(message),
      etags: etagConditions(request.etag, message.etag),
      author: authorOf(context),
    });
    return { program: renderProgram(program) };
  };
}

function changedSettings(
  message: ProgramMessage,
  fields: ReadonlySet<string>,
): Partial<ProgramSettings> {
  const settings = parseSettings(message);
  const names = [...fields].map((field) => settingOf[field]);
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => names.includes(name as keyof ProgramSettings)),
  );
}
