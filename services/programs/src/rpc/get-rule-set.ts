import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { getRuleSet } from '../app/get-rule-set.ts';
import { renderRuleSet } from './rule-set-message.ts';

type Method = typeof RuleSetService.method.getRuleSet;

export function getRuleSetHandler(app: App): Handler<Method> {
  return async ({ programId, version }) => {
    return { ruleSet: renderRuleSet(await getRuleSet(app, { programId, version })) };
  };
}
