import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { parseAdjustment, renderAdjustment } from './adjustment-message.ts';
import { causeOf } from './caller.ts';

type Method = typeof LedgerService.method.adjustBalance;

export function adjustBalanceHandler({
  adjustBalance,
}: Pick<App, 'adjustBalance'>): Handler<Method> {
  return async (request, context) =>
    renderAdjustment(await adjustBalance(parseAdjustment(request), causeOf(context)));
}
