import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  Redemption_State,
  Redemption_StateSchema,
  type RedemptionSchema,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import type { CaptureRedemptionRequest } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { MemberName } from '../app/ledger-store.ts';
import type { RedeemResult } from '../app/redeem.ts';
import type { RedemptionPartName } from '../app/redemption-part.ts';
import type { Redemption, RedemptionState } from '../domain/redemption-state.ts';
import { renderBalance } from './balance-message.ts';
import { enumName } from './enum-name.ts';

/** The part that a request names; everything when it names none. */
export function parsePart(part: CaptureRedemptionRequest['part']): RedemptionPartName {
  switch (part.case) {
    case 'quantity':
      return { kind: 'QUANTITY', quantity: part.value };
    case 'points':
      return { kind: 'POINTS', points: part.value };
    case undefined:
      return { kind: 'ALL' };
    default:
      return part satisfies never;
  }
}

/** The state that a list is restricted to; undefined for all. */
export function parseRedemptionState(state: Redemption_State): RedemptionState | undefined {
  return enumName(Redemption_StateSchema, state);
}

/** The response of every call that changes a redemption. */
export function renderRedeemResult(
  member: MemberName,
  { redemption, balance, replayed }: RedeemResult,
) {
  return {
    redemption: renderRedemption(member, redemption),
    balance: renderBalance(balance),
    replayed,
  };
}

/** A member's redemption as the contract shows it. */
export function renderRedemption(
  { programId, userId }: MemberName,
  redemption: Redemption,
): MessageInitShape<typeof RedemptionSchema> {
  const { value, refusal } = redemption;
  return {
    redemptionId: redemption.redemptionId,
    programId,
    userId,
    rewardId: redemption.rewardId,
    rewardDisplayName: redemption.rewardDisplayName,
    quantity: redemption.quantity,
    state: Redemption_State[redemption.state],
    points: redemption.points,
    reversedPoints: redemption.reversedPoints,
    reference: redemption.reference,
    createTime: timestampFromMs(redemption.createTime),
    ...(value !== undefined && { value }),
    ...timestampField('holdExpireTime', redemption.holdExpiresAt),
    ...(refusal !== undefined && {
      refusal: { reason: ErrorReason[refusal.reason], metadata: { ...refusal.metadata } },
    }),
  };
}
