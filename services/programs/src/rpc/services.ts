import { implement, type Mountable } from '@loyalty/platform/rpc/handler.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { activateProgramHandler } from './activate-program.ts';
import { archiveProgramHandler } from './archive-program.ts';
import { createProgramHandler } from './create-program.ts';
import { createRewardHandler } from './create-reward.ts';
import { createRuleSetHandler } from './create-rule-set.ts';
import { getProgramHandler } from './get-program.ts';
import { getProgramSnapshotHandler } from './get-program-snapshot.ts';
import { getRewardHandler } from './get-reward.ts';
import { getRuleSetHandler } from './get-rule-set.ts';
import { listProgramChangesHandler } from './list-program-changes.ts';
import { listProgramRevisionsHandler } from './list-program-revisions.ts';
import { listProgramsHandler } from './list-programs.ts';
import { listRewardsHandler } from './list-rewards.ts';
import { listRuleSetsHandler } from './list-rule-sets.ts';
import { previewEarnHandler } from './preview-earn.ts';
import { publishRuleSetHandler } from './publish-rule-set.ts';
import { suspendProgramHandler } from './suspend-program.ts';
import { updateProgramHandler } from './update-program.ts';
import { updateRewardHandler } from './update-reward.ts';
import { updateRuleSetHandler } from './update-rule-set.ts';
import { withdrawRuleSetHandler } from './withdraw-rule-set.ts';

/** Everything that this service answers. */
export function programsServices(app: App): Mountable[] {
  return [
    implement(ProgramService, {
      createProgram: createProgramHandler(app),
      getProgram: getProgramHandler(app),
      listPrograms: listProgramsHandler(app),
      updateProgram: updateProgramHandler(app),
      activateProgram: activateProgramHandler(app),
      suspendProgram: suspendProgramHandler(app),
      archiveProgram: archiveProgramHandler(app),
      previewEarn: previewEarnHandler(app),
      listProgramChanges: listProgramChangesHandler(app),
      getProgramSnapshot: getProgramSnapshotHandler(app),
      listProgramRevisions: listProgramRevisionsHandler(app),
    }),
    implement(RuleSetService, {
      createRuleSet: createRuleSetHandler(app),
      updateRuleSet: updateRuleSetHandler(app),
      getRuleSet: getRuleSetHandler(app),
      listRuleSets: listRuleSetsHandler(app),
      publishRuleSet: publishRuleSetHandler(app),
      withdrawRuleSet: withdrawRuleSetHandler(app),
    }),
    implement(RewardService, {
      createReward: createRewardHandler(app),
      updateReward: updateRewardHandler(app),
      getReward: getRewardHandler(app),
      listRewards: listRewardsHandler(app),
    }),
  ];
}
