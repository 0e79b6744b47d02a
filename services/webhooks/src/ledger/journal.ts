import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Client } from '@loyalty/platform/rpc/client.ts';
import type { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { type Journal, JournalRefused } from '../app/journal.ts';
import type { ReplayRange } from '../app/replay-store.ts';

const usualPageSize = 200;
const usualTimeoutMs = 20_000;
/** Reasons for which the same question never gets another response. */
const finalReasons = ['PROGRAM_NOT_FOUND', 'MEMBERSHIP_NOT_FOUND', 'VALIDATION_FAILED'];

/** The ledger's journal over gRPC. `token` returns the bearer token of the service's own calls. */
export function createJournal({
  client,
  token,
}: {
  client: Pick<Client<typeof LedgerService>, 'readJournal'>;
  token: () => Promise<string>;
}): Journal {
  return {
    async read({
      programId,
      range,
      pageToken,
      pageSize = usualPageSize,
      timeoutMs = usualTimeoutMs,
    }) {
      const request = { programId, range: rangeMessage(range), pageToken, pageSize };
      try {
        return await client.readJournal(request, {
          token: await token(),
          deadlineMs: Date.now() + timeoutMs,
        });
      } catch (error) {
        if (!isFinal(error)) throw error;
        throw new JournalRefused(error.message, { reason: error.reason, cause: error });
      }
    },
  };
}

function rangeMessage(range: ReplayRange) {
  return 'userId' in range
    ? ({ case: 'user', value: range } as const)
    : ({
        case: 'period',
        value: { startTime: timestampFromMs(range.from), endTime: timestampFromMs(range.to) },
      } as const);
}

function isFinal(error: unknown): error is Error & { reason: string } {
  return Error.isError(error) && 'reason' in error && finalReasons.includes(String(error.reason));
}
