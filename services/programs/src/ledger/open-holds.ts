import type { Client } from '@loyalty/platform/rpc/client.ts';
import type { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { HasOpenHolds } from '../app/open-holds.ts';
import { LedgerUnavailable } from '../domain/errors.ts';

/**
 * Short enough for callers to get an error, and to try again, within their deadline while the ledger doesn't respond.
 */
const timeoutMs = 2_000;

/** An error of the ledger that is passed on to the caller: a token that expired on the way. */
const reasonsOfToken: ReadonlySet<unknown> = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED']);

/** The ledger, asked over gRPC with the token of the call that is being served. */
export function createHasOpenHolds(
  client: Pick<Client<typeof RedemptionService>, 'listOpenHolds'>,
): HasOpenHolds {
  return async (programId, { deadlineMs, ...served }) => {
    try {
      const { redemptions } = await client.listOpenHolds(
        { programId, pageSize: 1 },
        { ...served, deadlineMs: Math.min(deadlineMs, Date.now() + timeoutMs) },
      );
      return redemptions.length > 0;
    } catch (error) {
      const reason = reasonOf(error);
      // It looks for holds first, and asks whether there is such a program only where it finds none.
      if (reason === 'PROGRAM_NOT_FOUND') return false;
      throw reasonsOfToken.has(reason) ? error : new LedgerUnavailable(programId, error);
    }
  };
}

function reasonOf(error: unknown): unknown {
  return Error.isError(error) && 'reason' in error ? error.reason : undefined;
}
