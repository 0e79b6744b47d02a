import { pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import {
  DeadLetterSchema,
  DeadLetter_State as State,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import type { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import type { MessagingApp } from '../app/app.ts';
import type { Failure } from '../app/dead-letters.ts';
import { discardDeadLetter } from '../app/discard-dead-letter.ts';
import { getDeadLetter } from '../app/get-dead-letter.ts';
import { listDeadLetters } from '../app/list-dead-letters.ts';
import { replayDeadLetter } from '../app/replay-dead-letter.ts';
import { renderDeadLetter } from '../messages/dead-letter-message.ts';
import { programsOf } from './caller.ts';

/** Messages that couldn't be applied. */
export function deadLetterHandlers(app: MessagingApp): Handlers<typeof DeadLetterService> {
  /** Handles a call about one message with what the use case makes of it. */
  const answerOf =
    (useCase: typeof getDeadLetter) =>
    async ({ deadLetterId }: { deadLetterId: string }, context: CallContext) => {
      const letter = await useCase(app, { deadLetterId, programs: programsOf(context) });
      return { deadLetter: renderDeadLetter(letter) };
    };
  return {
    async listDeadLetters(request, context) {
      const { programId } = request;
      const state = parseState(request.state);
      const filter = { list: 'dead-letters', programId, state };
      const list = { filter, position: sequencePosition };
      const page = await listDeadLetters(app, {
        programs: programId === '' ? programsOf(context) : [programId],
        state,
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

    getDeadLetter: answerOf(getDeadLetter),
    replayDeadLetter: answerOf(replayDeadLetter),
    discardDeadLetter: answerOf(discardDeadLetter),
  };
}

function parseState(state: State): Failure['state'] | undefined {
  switch (state) {
    case State.WAITING:
      return 'WAITING';
    case State.DEAD:
      return 'DEAD';
    default:
      return undefined;
  }
}
