import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderEarn } from './earn-message.ts';
import { nextPageToken, parseSequencePage } from './page-request.ts';

type Method = typeof LedgerService.method.listEarns;

export function listEarnsHandler({ listEarns }: Pick<App, 'listEarns'>): Handler<Method> {
  return async (request) => {
    const member = { programId: request.programId, userId: request.userId };
    const filter = { list: 'earns', ...member };
    const { items, next } = await listEarns({ ...member, ...parseSequencePage(request, filter) });
    return {
      earns: items.map((earn) => renderEarn({ ...earn, userId: member.userId })),
      nextPageToken: nextPageToken(next, filter),
    };
  };
}
