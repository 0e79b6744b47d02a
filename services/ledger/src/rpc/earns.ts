import { pageRequest, sequencePosition } from '@loyalty/platform/paging.ts';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import { EarnSchema } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import {
  type LedgerService,
  SubmitEarnResponse_State,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { MessagingApp } from '../app/app.ts';
import { earn } from '../app/earn.ts';
import { getEarn } from '../app/get-earn.ts';
import { listEarns } from '../app/list-earns.ts';
import { listProgramEarns } from '../app/list-program-earns.ts';
import { quoteEarn } from '../app/quote-earn.ts';
import { submitEarn } from '../app/submit-earn.ts';
import { EarnNotPosted } from '../domain/errors.ts';
import {
  parseEarn,
  parseEarnState,
  parseQuoteEarn,
  renderEarn,
  renderEarnForMember,
  renderEarnQuote,
  renderEarnQuoteForMember,
  renderEarnResult,
} from '../messages/earn-message.ts';
import { authorOf, isMember } from './caller.ts';
import { earnPosition } from './positions.ts';

/** Purchases that are credited. */
export function earnHandlers(
  app: MessagingApp,
): Pick<
  Handlers<typeof LedgerService>,
  'earn' | 'submitEarn' | 'getEarn' | 'listEarns' | 'quoteEarn' | 'listProgramEarns'
> {
  return {
    async earn(request, context) {
      return renderEarnResult(await earn(app, parseEarn(request), authorOf(context)));
    },

    async submitEarn(request, context) {
      const input = parseEarn(request);
      await submitEarn(app, input, authorOf(context));
      return {
        programId: input.programId,
        transactionId: input.purchase.transactionId,
        state: SubmitEarnResponse_State.ACCEPTED,
      };
    },

    /** To a member, another's earn is as one that doesn't exist. */
    async getEarn({ programId, transactionId }, context) {
      const earn = await getEarn(
        app,
        { programId, transactionId },
        { includesDeadLetter: !isMember(context) },
      );
      context.assertOwner(earn.userId, () => new EarnNotPosted());
      return { earn: rendererFor(context)(earn) };
    },

    async listEarns(request, context) {
      const member = { programId: request.programId, userId: request.userId };
      const list = { filter: { list: 'earns', ...member }, position: sequencePosition };
      const page = await listEarns(app, { ...member, ...pageRequest(request, list) });
      const render = rendererFor(context);
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: EarnSchema,
        render: (earn) => render({ ...earn, userId: member.userId }),
      });
      return { earns: messages, nextPageToken };
    },

    async quoteEarn(request, context) {
      const byMember = isMember(context);
      const quote = await quoteEarn(app, { ...parseQuoteEarn(request), byMember });
      return byMember ? renderEarnQuoteForMember(quote) : renderEarnQuote(quote);
    },

    async listProgramEarns(request) {
      const query = {
        programId: request.programId,
        startTime: msOfTimestamp(request.startTime, 'start_time'),
        endTime: msOfTimestamp(request.endTime, 'end_time'),
        state: parseEarnState(request.state),
      };
      const list = { filter: { list: 'program-earns', ...query }, position: earnPosition };
      const page = await listProgramEarns(app, { ...query, ...pageRequest(request, list) });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: EarnSchema,
        render: renderEarn,
      });
      return { earns: messages, nextPageToken };
    },
  };
}

function rendererFor(context: CallContext): typeof renderEarn {
  return isMember(context) ? renderEarnForMember : renderEarn;
}
