import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import {
  ProgramChange_Verb,
  ProgramChangeSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_change_pb.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { getProgramSnapshot } from '../app/get-program-snapshot.ts';
import { listProgramChanges } from '../app/list-program-changes.ts';
import { listProgramRevisions } from '../app/list-program-revisions.ts';
import type { ChangeRecord } from '../domain/change.ts';
import { viewerOf } from './caller.ts';
import { renderProgram } from './program-message.ts';
import { renderReward } from './reward-message.ts';
import { renderRuleSet } from './rule-set-message.ts';

/** What changed, for those who follow programs. */
export function programChangeHandlers(
  app: App,
): Pick<
  Handlers<typeof ProgramService>,
  'listProgramChanges' | 'getProgramSnapshot' | 'listProgramRevisions'
> {
  return {
    async listProgramChanges(request) {
      const { programId } = request;
      const list = { filter: { list: 'changes', programId }, position: sequencePosition };
      const { limit, after: before } = pageRequest(request, list);
      const page = await listProgramChanges(app, { programId, before, limit });
      const { messages, nextPageToken } = renderPage({
        page: { ...page, positions: page.items.map(({ revision }) => revision) },
        list,
        schema: ProgramChangeSchema,
        render: renderChange,
      });
      return { changes: messages, nextPageToken };
    },

    async getProgramSnapshot({ programId, epoch: knownEpoch, knownRevision }) {
      const { epoch, program, ruleSets, rewards } = await getProgramSnapshot(app, {
        programId,
        known: { epoch: knownEpoch, revision: knownRevision },
      });
      return {
        program: renderProgram(program),
        revision: program.revision,
        epoch,
        ruleSets: ruleSets.map(renderRuleSet),
        rewards: rewards.map((reward) => renderReward(reward)),
      };
    },

    async listProgramRevisions({ epoch, after }, context) {
      const list = await listProgramRevisions(app, { epoch, after, viewer: viewerOf(context) });
      return { ...list, revisions: [...list.revisions] };
    },
  };
}

function renderChange(change: ChangeRecord): MessageInitShape<typeof ProgramChangeSchema> {
  return {
    programId: change.programId,
    revision: change.revision,
    verb: ProgramChange_Verb[change.verb],
    ruleSetVersion: change.ruleSetVersion ?? 0,
    rewardId: change.rewardId ?? '',
    copiedFromVersion: change.copiedFromVersion ?? 0,
    fields: change.fields.map(({ field, before, after }) => ({ field, before, after })),
    actor: change.actor,
    requestId: change.requestId,
    changeTime: timestampFromMs(change.time),
  };
}
