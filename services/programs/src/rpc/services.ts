import { implement, type Mountable } from '@loyalty/platform/rpc/handler.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { programChangeHandlers } from './program-changes.ts';
import { programHandlers } from './programs.ts';
import { rewardHandlers } from './rewards.ts';
import { ruleSetHandlers } from './rule-sets.ts';

/** All RPC services of this process. */
export function programsServices(app: App): Mountable[] {
  return [
    implement(ProgramService, { ...programHandlers(app), ...programChangeHandlers(app) }),
    implement(RuleSetService, ruleSetHandlers(app)),
    implement(RewardService, rewardHandlers(app)),
  ];
}
