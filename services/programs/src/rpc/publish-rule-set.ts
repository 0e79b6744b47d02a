import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import { dateOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import type { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { publishRuleSet } from '../app/publish-rule-set.ts';
import { authorOf } from './caller.ts';
import { renderRuleSet } from './rule-set-message.ts';

type Method = typeof RuleSetService.method.publishRuleSet;

export function publishRuleSetHandler(app: App): Handler<Method> {
  return async ({ programId, version, effectiveTime }, context) => {
    const published = await publishRuleSet(app, {
      programId,
      version,
      effectiveTime: dateOfTimestamp(effectiveTime, 'effective_time'),
      author: authorOf(context),
    });
    return { ruleSet: renderRuleSet(published) };
  };
}
