import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { App } from '../app/app.ts';
import { getProgramSnapshot } from '../app/get-program-snapshot.ts';
import { renderProgram } from './program-message.ts';
import { renderReward } from './reward-message.ts';
import { renderRuleSet } from './rule-set-message.ts';

type Method = typeof ProgramService.method.getProgramSnapshot;

export function getProgramSnapshotHandler(app: App): Handler<Method> {
  return async ({ programId, epoch: knownEpoch, knownRevision }) => {
    const { epoch, program, ruleSets, rewards } = await getProgramSnapshot(app, {
      programId,
      known: { epoch: knownEpoch, revision: knownRevision },
    });
    return {
      program: renderProgram(program),
      revision: program.revision,
      epoch,
      ruleSets: ruleSets.map(renderRuleSet),
      rewards: rewards.map(renderReward),
    };
  };
}
