import type { MessageInitShape } from '@bufbuild/protobuf';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import type {
  AdjustBalanceRequest,
  AdjustBalanceResponseSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { AdjustBalanceInput, AdjustBalanceResult } from '../app/adjust-balance.ts';
import { renderBalance } from './balance-message.ts';
import { renderDescribedEntry } from './entry-message.ts';

/**
 * A correction as it was requested.
 *
 * @throws {ValidationFailed} for times that don't exist
 */
export function parseAdjustment(
  request: Omit<AdjustBalanceRequest, '$typeName' | '$unknown'>,
): AdjustBalanceInput {
  return {
    programId: request.programId,
    userId: request.userId,
    idempotencyKey: request.idempotencyKey,
    points: request.points,
    reason: request.reason,
    note: request.note === '' ? undefined : request.note,
    allowDeficit: request.allowDeficit,
    availableTime: msOfTimestamp(request.availableTime, 'available_time'),
    expireTime: msOfTimestamp(request.expireTime, 'expire_time'),
  };
}

export function renderAdjustment(
  { userId }: { userId: string },
  { entry, balance, replayed }: AdjustBalanceResult,
): MessageInitShape<typeof AdjustBalanceResponseSchema> {
  return {
    entry: renderDescribedEntry({ ...entry, userId }),
    balance: renderBalance(balance),
    replayed,
  };
}
