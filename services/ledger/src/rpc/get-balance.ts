import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderBalance } from './balance-message.ts';

type Method = typeof LedgerService.method.getBalance;

export function getBalanceHandler({ getBalance }: Pick<App, 'getBalance'>): Handler<Method> {
  return async ({ programId, userId }) => ({
    balance: renderBalance(await getBalance({ programId, userId })),
  });
}
