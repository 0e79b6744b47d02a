import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { renderBalance } from './balance-message.ts';
import { causeOf } from './caller.ts';
import { renderEntry } from './entry-message.ts';
import { requireText } from './text.ts';
import { cutInstantOf } from './time.ts';

type Method = typeof LedgerService.method.adjustBalance;

export function adjustBalanceHandler({
  adjustBalance,
}: Pick<App, 'adjustBalance'>): Handler<Method> {
  return async (request, context) => {
    requireText({ reason: request.reason, note: request.note });
    const { entry, balance, replayed } = await adjustBalance(
      {
        programId: request.programId,
        userId: request.userId,
        idempotencyKey: request.idempotencyKey,
        points: request.points,
        reason: request.reason,
        note: request.note === '' ? undefined : request.note,
        allowDeficit: request.allowDeficit,
        availableTime: cutInstantOf(request.availableTime, 'available_time'),
        expireTime: cutInstantOf(request.expireTime, 'expire_time'),
      },
      causeOf(context),
    );
    return { entry: renderEntry(entry), balance: renderBalance(balance), replayed };
  };
}
