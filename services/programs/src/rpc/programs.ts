import { pageRequest, textPosition } from '@loyalty/platform/paging.ts';
import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { required, requireSameId } from '@loyalty/platform/rpc/required.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { msOfTimestamp, timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  type Program as ProgramMessage,
  ProgramSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  ExplanationLine_Kind,
  type MemberFacts as MemberFactsMessage,
  type ProgramService,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { activateProgram } from '../app/activate-program.ts';
import type { App } from '../app/app.ts';
import { archiveProgram } from '../app/archive-program.ts';
import { createProgram } from '../app/create-program.ts';
import { getProgram } from '../app/get-program.ts';
import { listPrograms } from '../app/list-programs.ts';
import { previewEarn } from '../app/preview-earn.ts';
import { suspendProgram } from '../app/suspend-program.ts';
import { updateProgram } from '../app/update-program.ts';
import type { ProgramSettings } from '../domain/program.ts';
import { authorOf, servedCallOf, viewerOf } from './caller.ts';
import { parseProgramState, parseSettings, renderProgram } from './program-message.ts';

/** Programs and their life, from draft to archive. */
export function programHandlers(
  app: App,
): Pick<
  Handlers<typeof ProgramService>,
  | 'createProgram'
  | 'getProgram'
  | 'listPrograms'
  | 'updateProgram'
  | 'activateProgram'
  | 'suspendProgram'
  | 'archiveProgram'
  | 'previewEarn'
> {
  return {
    async createProgram(request, context) {
      const message = required(request.program, 'program');
      const program = await createProgram(app, {
        programId: message.programId,
        settings: parseSettings(message),
        author: authorOf(context),
      });
      return { program: renderProgram(program) };
    },

    async getProgram({ programId }, context) {
      const viewer = viewerOf(context);
      const program = await getProgram(app, { programId, viewer });
      return { program: renderProgram(program, viewer) };
    },

    async listPrograms(request, context) {
      const viewer = viewerOf(context);
      const page = await listPrograms(app, { viewer, ...pageRequest(request, list) });
      const { messages, nextPageToken } = renderPage({
        page: { ...page, positions: page.items.map(({ programId }) => programId) },
        list,
        schema: ProgramSchema,
        render: (program) => renderProgram(program, viewer),
      });
      return { programs: messages, nextPageToken };
    },

    async updateProgram(request, context) {
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
    },

    async activateProgram({ programId }, context) {
      const program = await activateProgram(app, { programId, author: authorOf(context) });
      return { program: renderProgram(program) };
    },

    async suspendProgram({ programId }, context) {
      const program = await suspendProgram(app, { programId, author: authorOf(context) });
      return { program: renderProgram(program) };
    },

    async archiveProgram({ programId }, context) {
      const program = await archiveProgram(app, {
        programId,
        author: authorOf(context),
        served: servedCallOf(context),
      });
      return { program: renderProgram(program) };
    },

    async previewEarn(request) {
      const purchase = required(request.transaction, 'transaction');
      requireStorable(TransactionSchema, purchase, 'transaction');
      const preview = await previewEarn(app, {
        programId: request.programId,
        version: request.version,
        purchase,
        occurTime: required(
          msOfTimestamp(purchase.occurTime, 'transaction.occur_time'),
          'transaction.occur_time',
        ),
        member: request.member === undefined ? {} : factsOf(request.member),
        at: msOfTimestamp(request.at, 'at'),
      });
      return {
        points: preview.points,
        ruleSetVersion: preview.ruleSetVersion,
        explanation: preview.explanation.map((line) => ({
          ...line,
          kind: ExplanationLine_Kind[line.kind],
        })),
        ...timestampField('availableTime', preview.availableTime),
        ...timestampField('expireTime', preview.expireTime),
      };
    },
  };
}

const list = { filter: { list: 'programs' }, position: textPosition };

const settingOf: Readonly<Record<string, keyof ProgramSettings>> = {
  display_name: 'displayName',
  description: 'description',
  unit: 'unit',
  time_zone: 'timeZone',
  enrollment: 'enrollment',
  limits: 'limits',
  metadata: 'metadata',
  notices: 'notices',
};

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

function factsOf({ userId, attributes, lifetimeEarned, ...facts }: MemberFactsMessage) {
  const joinTime = msOfTimestamp(facts.joinTime, 'member.join_time');
  return { userId, attributes, lifetimeEarned, ...(joinTime !== undefined && { joinTime }) };
}
