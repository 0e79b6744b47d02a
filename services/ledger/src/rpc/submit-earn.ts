import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import {
  type LedgerService,
  SubmitEarnResponse_State,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { causeOf } from './caller.ts';
import { parseEarn } from './earn-message.ts';

type Method = typeof LedgerService.method.submitEarn;

export function submitEarnHandler({ submitEarn }: Pick<App, 'submitEarn'>): Handler<Method> {
  return async (request, context) => {
    const input = parseEarn(request);
    await submitEarn(input, causeOf(context));
    return {
      programId: input.programId,
      transactionId: input.transaction.transactionId,
      state: SubmitEarnResponse_State.ACCEPTED,
    };
  };
}
