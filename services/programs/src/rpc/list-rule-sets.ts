import { decodePageToken, pageSize } from '@loyalty/platform/paging.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { listRuleSets } from '../app/list-rule-sets.ts';
import { renderPage } from './page.ts';
import { renderRuleSet } from './rule-set-message.ts';

type Method = typeof RuleSetService.method.listRuleSets;

export function listRuleSetsHandler(app: App): Handler<Method> {
  return async (request) => {
    const { programId } = request;
    const filter = { list: 'rule_sets', programId };
    const position = decodePageToken(request.pageToken, filter)?.[0];
    const page = await listRuleSets(app, {
      programId,
      before: position === undefined ? undefined : Number(position),
      limit: pageSize(request.pageSize),
    });
    const { messages, nextPageToken } = renderPage({
      page,
      schema: RuleSetSchema,
      render: renderRuleSet,
      filter,
      positionOf: ({ ruleSet }) => String(ruleSet.version),
    });
    return { ruleSets: messages, nextPageToken };
  };
}
