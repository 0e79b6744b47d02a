import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { App } from '../app/app.ts';
import { getProgramSummary } from '../app/get-program-summary.ts';
import { renderSummary } from '../messages/summary-message.ts';

/** What programs owe. */
export function summaryHandlers(
  app: App,
): Pick<Handlers<typeof LedgerService>, 'getProgramSummary'> {
  return {
    async getProgramSummary({ programId, startTime, endTime }) {
      const summary = await getProgramSummary(app, {
        programId,
        startTime: msOfTimestamp(startTime, 'start_time'),
        endTime: msOfTimestamp(endTime, 'end_time'),
      });
      return { summary: renderSummary(summary) };
    },
  };
}
