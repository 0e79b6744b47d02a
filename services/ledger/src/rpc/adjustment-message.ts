import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  AdjustBalanceRequest,
  AdjustBalanceResponseSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { AdjustBalanceInput, AdjustBalanceResult } from '../app/adjust-balance.ts';
import { renderBalance } from './balance-message.ts';
import { renderEntry } from './entry-message.ts';
import { requireText } from './text.ts';
import { cutInstantOf } from './time.ts';

/**
 * A correction as it was asked for.
 *
 * @throws {InvalidCommand} for texts and times that can't be stored
 */
export function parseAdjustment(
  request: Omit<AdjustBalanceRequest, '$typeName' | '$unknown'>,
): AdjustBalanceInput {
  requireText({ reason: request.reason, note: request.note });
  return {
    programId: request.programId,
    userId: request.userId,
    idempotencyKey: request.idempotencyKey,
    points: request.points,
    reason: request.reason,
    note: request.note === '' ? undefined : request.note,
    allowDeficit: request.allowDeficit,
    availableTime: cutInstantOf(request.availableTime, 'available_time'),
    expireTime: cutInstantOf(request.expireTime, 'expire_time'),
  };
}

export function renderAdjustment({
  entry,
  balance,
  replayed,
}: AdjustBalanceResult): MessageInitShape<typeof AdjustBalanceResponseSchema> {
  return { entry: renderEntry(entry), balance: renderBalance(balance), replayed };
}
