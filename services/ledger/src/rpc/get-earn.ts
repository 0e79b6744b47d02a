import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { EarnNotPosted } from '../domain/errors.ts';
import { isMember } from './caller.ts';
import { renderEarn } from './earn-message.ts';

type Method = typeof LedgerService.method.getEarn;

/** To a member, another's earn is as one that doesn't exist. */
export function getEarnHandler({ getEarn }: Pick<App, 'getEarn'>): Handler<Method> {
  return async ({ programId, transactionId }, context) => {
    const earn = await getEarn(
      { programId, transactionId },
      { tellDeadLetter: !isMember(context) },
    );
    context.assertOwner(earn.userId, () => new EarnNotPosted());
    return { earn: renderEarn(earn) };
  };
}
