import { pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import {
  DeadLetter_StateSchema,
  DeadLetterSchema,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import type { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { ErrorReasonSchema } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { MessagingApp } from '../app/app.ts';
import type { DeadLetterState } from '../app/dead-letters.ts';
import { discardDeadLetter } from '../app/discard-dead-letter.ts';
import { getDeadLetter } from '../app/get-dead-letter.ts';
import { listDeadLetters } from '../app/list-dead-letters.ts';
import { replayDeadLetter } from '../app/replay-dead-letter.ts';
import { renderDeadLetter } from '../messages/dead-letter-message.ts';
import { enumName } from '../messages/enum-name.ts';
import { authorOf, programsOf } from './caller.ts';

/** Messages that couldn't be applied. */
export function deadLetterHandlers(app: MessagingApp): Handlers<typeof DeadLetterService> {
  /** Handles a call that decides about one message with what the use case makes of it. */
  const decidedBy =
    (useCase: typeof replayDeadLetter) =>
    async ({ deadLetterId, why }: { deadLetterId: string; why: string }, context: CallContext) => {
      const name = { deadLetterId, programs: programsOf(context) };
      const letter = await useCase(app, name, { author: authorOf(context), why });
      return { deadLetter: renderDeadLetter(letter) };
    };
  return {
    async listDeadLetters(request, context) {
      const { programId } = request;
      const state = enumName<DeadLetterState>(DeadLetter_StateSchema, request.state);
      const reason = enumName<string>(ErrorReasonSchema, request.reason);
      const filter = { list: 'dead-letters', programId, state, reason };
      const list = { filter, position: sequencePosition };
      const page = await listDeadLetters(app, {
        programs: programId === '' ? programsOf(context) : [programId],
        state,
        reason,
        ...pageRequest(request, list),
      });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: DeadLetterSchema,
        render: renderDeadLetter,
      });
      return { deadLetters: messages, nextPageToken };
    },

    async getDeadLetter({ deadLetterId }, context) {
      const letter = await getDeadLetter(app, { deadLetterId, programs: programsOf(context) });
      return { deadLetter: renderDeadLetter(letter) };
    },

    replayDeadLetter: decidedBy(replayDeadLetter),
    discardDeadLetter: decidedBy(discardDeadLetter),
  };
}
