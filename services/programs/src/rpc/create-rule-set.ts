import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { createRuleSet } from '../app/create-rule-set.ts';
import { authorOf } from './caller.ts';
import { required, requireSameId } from './required.ts';
import { parseAssumed, parseDefinition, renderRuleSet } from './rule-set-message.ts';

type Method = typeof RuleSetService.method.createRuleSet;

export function createRuleSetHandler(app: App): Handler<Method> {
  return async ({ programId, ruleSet }, context) => {
    const message = required(ruleSet, 'rule_set');
    requireSameId('rule_set.program_id', { inBody: message.programId, inPath: programId });
    const created = await createRuleSet(app, {
      programId,
      definition: parseDefinition(message),
      assumed: parseAssumed(message),
      author: authorOf(context),
    });
    return { ruleSet: renderRuleSet(created) };
  };
}
