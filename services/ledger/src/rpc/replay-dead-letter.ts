import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import type { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import type { App } from '../app/app.ts';
import { programsOf } from './caller.ts';
import { renderDeadLetter } from './dead-letter-message.ts';

type Method = typeof DeadLetterService.method.replayDeadLetter;

export function replayDeadLetterHandler({
  replayDeadLetter,
}: Pick<App, 'replayDeadLetter'>): Handler<Method> {
  return async ({ deadLetterId }, context) => {
    const letter = await replayDeadLetter({ deadLetterId, programs: programsOf(context) });
    return { deadLetter: renderDeadLetter(letter) };
  };
}
