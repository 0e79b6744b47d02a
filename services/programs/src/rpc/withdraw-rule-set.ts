import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { withdrawRuleSet } from '../app/withdraw-rule-set.ts';
import { authorOf } from './caller.ts';
import { renderRuleSet } from './rule-set-message.ts';

type Method = typeof RuleSetService.method.withdrawRuleSet;

export function withdrawRuleSetHandler(app: App): Handler<Method> {
  return async ({ programId, version }, context) => {
    const author = authorOf(context);
    return { ruleSet: renderRuleSet(await withdrawRuleSet(app, { programId, version, author })) };
  };
}
