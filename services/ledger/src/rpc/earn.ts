import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { causeOf } from './caller.ts';
import { parseEarn, renderEarnResult } from './earn-message.ts';

type Method = typeof LedgerService.method.earn;

export function earnHandler({ earn }: Pick<App, 'earn'>): Handler<Method> {
  return async (request, context) =>
    renderEarnResult(await earn(parseEarn(request), causeOf(context)));
}
