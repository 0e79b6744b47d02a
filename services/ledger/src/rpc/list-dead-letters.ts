import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import { DeadLetter_State as State } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import type { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import type { App } from '../app/app.ts';
import type { Setback } from '../app/dead-letters.ts';
import { programsOf } from './caller.ts';
import { renderDeadLetter } from './dead-letter-message.ts';
import { nextPageToken, parseSequencePage } from './page-request.ts';

type Method = typeof DeadLetterService.method.listDeadLetters;

export function listDeadLettersHandler({
  listDeadLetters,
}: Pick<App, 'listDeadLetters'>): Handler<Method> {
  return async (request, context) => {
    const { programId } = request;
    const state = parseState(request.state);
    const filter = { list: 'dead-letters', programId, state };
    const { items, next } = await listDeadLetters({
      programs: programId === '' ? programsOf(context) : [programId],
      state,
      ...parseSequencePage(request, filter),
    });
    return {
      deadLetters: items.map(renderDeadLetter),
      nextPageToken: nextPageToken(next, filter),
    };
  };
}

function parseState(state: State): Setback['state'] | undefined {
  switch (state) {
    case State.WAITING:
      return 'WAITING';
    case State.DEAD:
      return 'DEAD';
    default:
      return undefined;
  }
}
