import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import {
  Redemption_State,
  RedemptionSchema,
  RefusalSchema,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import {
  type RedeemRequest,
  RedeemRequest_Capture,
  type RedemptionService,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import {
  IdempotencyKeyReused,
  IllegalTransition,
  InsufficientPoints,
  PriceChanged,
  RedemptionNotFound,
  RewardNotFound,
  ValidationFailed,
} from '../errors.ts';
import { type Account, balanceOf, type DoubleRedemption, record } from './double-account.ts';
import type { DoubleProgram } from './double-program.ts';
import { type MemberName, NotInDouble, type Store } from './double-store.ts';
import type { Handlers } from './handlers.ts';

const holdSecondsDefault = 15 * 60;

export function redemptionHandlers(store: Store): Handlers<typeof RedemptionService> {
  return {
    redeem: (request) => redeem(store, request),
    getRedemption(request) {
      return { redemption: found(store, request).redemption.message };
    },
    captureRedemption(request) {
      if (request.part.case !== undefined) throw new NotInDouble('capturing a part');
      const { account, redemption } = found(store, request);
      const { state, points, holdExpireTime } = redemption.message;
      if (state === Redemption_State.CAPTURED && holdExpireTime !== undefined) {
        return responseOf(account, redemption, true);
      }
      requireReserved(redemption, 'CAPTURED');
      const changes = { reserved: -points };
      record(account, {
        kind: Entry_Kind.CAPTURE,
        now: store.now(),
        changes,
        about: about(redemption),
      });
      account.lifetimeRedeemed += points;
      redemption.message.state = Redemption_State.CAPTURED;
      return responseOf(account, redemption, false);
    },
    cancelRedemption(request) {
      const { account, redemption } = found(store, request);
      const { state, points } = redemption.message;
      if (state === Redemption_State.CANCELLED) return responseOf(account, redemption, true);
      requireReserved(redemption, 'CANCELLED');
      const changes = { reserved: -points, available: points };
      record(account, {
        kind: Entry_Kind.RELEASE,
        now: store.now(),
        changes,
        about: about(redemption),
      });
      redemption.message.state = Redemption_State.CANCELLED;
      return responseOf(account, redemption, false);
    },
  };
}

function redeem(store: Store, request: RedeemRequest) {
  if (request.points !== undefined) throw new NotInDouble('rewards that convert points');
  const program = store.program(request.programId);
  const { quantity = 1, rewardId, capture, holdSeconds, reference, idempotencyKey } = request;
  if (quantity < 1) {
    const violation = { field: 'quantity', message: 'must be at least 1' };
    throw new ValidationFailed('quantity must be at least 1', { violations: [violation] });
  }
  const isHold = capture === RedeemRequest_Capture.HOLD;
  const seconds = isHold ? (holdSeconds ?? holdSecondsDefault) : undefined;
  const content = JSON.stringify([rewardId, quantity, seconds, reference]);
  const before = replayOf(store.find(request), { idempotencyKey, content });
  if (before !== undefined) return before;
  const account = store.activeAccount(request);
  const { points, displayName } = priceOf(program, { rewardId, quantity });
  refuseOtherPrice(points, request.expectedPoints);
  const now = store.now();
  const redemption: DoubleRedemption = {
    idempotencyKey,
    content,
    message: create(RedemptionSchema, {
      redemptionId: randomUUID(),
      programId: account.programId,
      userId: account.userId,
      rewardId,
      rewardDisplayName: displayName,
      quantity,
      state: isHold ? Redemption_State.RESERVED : Redemption_State.CAPTURED,
      points,
      reference,
      createTime: timestampFromDate(now),
      ...(seconds !== undefined && {
        holdExpireTime: timestampFromDate(new Date(now.getTime() + seconds * 1000)),
      }),
    }),
  };
  account.redemptions.set(redemption.message.redemptionId, redemption);
  if (points > account.available) throw refused(account, redemption, now);
  const changes = { available: -points, ...(isHold && { reserved: points }) };
  const kind = isHold ? Entry_Kind.RESERVE : Entry_Kind.CAPTURE;
  record(account, { kind, now, changes, about: about(redemption) });
  if (!isHold) account.lifetimeRedeemed += points;
  return responseOf(account, redemption, false);
}

/** What a key that was used before returns, or throws, again. */
function replayOf(
  account: Account | undefined,
  { idempotencyKey, content }: { idempotencyKey: string; content: string },
) {
  const before = [...(account?.redemptions.values() ?? [])].find(
    (each) => each.idempotencyKey === idempotencyKey,
  );
  if (account === undefined || before === undefined) return undefined;
  if (before.content !== content) {
    throw new IdempotencyKeyReused('The idempotency key was used before; use a new key');
  }
  if (before.message.refusal !== undefined) throw refusalOf(before);
  return responseOf(account, before, true);
}

function priceOf(
  { rewards = {} }: DoubleProgram,
  { rewardId, quantity }: { rewardId: string; quantity: number },
): { points: bigint; displayName: string } {
  const reward = Object.hasOwn(rewards, rewardId) ? rewards[rewardId] : undefined;
  if (reward === undefined) {
    const message = `The program has no reward with the id ${rewardId}`;
    throw new RewardNotFound(message, { metadata: { rewardId } });
  }
  const { points, displayName = rewardId } = reward;
  return { points: BigInt(points) * BigInt(quantity), displayName };
}

function refuseOtherPrice(points: bigint, expectedPoints: bigint | undefined): void {
  if (expectedPoints === undefined || expectedPoints === points) return;
  throw new PriceChanged(`The price is ${points} points, not ${expectedPoints}`, {
    metadata: { pricePoints: String(points), expectedPoints: String(expectedPoints) },
  });
}

/** Writes the refusal, which the key returns from now on. */
function refused(account: Account, redemption: DoubleRedemption, now: Date): InsufficientPoints {
  const missingPoints = String(redemption.message.points - account.available + account.deficit);
  const refusal = { reason: ErrorReason.INSUFFICIENT_POINTS, metadata: { missingPoints } };
  redemption.message.state = Redemption_State.REJECTED;
  redemption.message.refusal = create(RefusalSchema, refusal);
  const reason = 'INSUFFICIENT_POINTS';
  record(account, { kind: Entry_Kind.REJECT, now, about: { ...about(redemption), reason } });
  return refusalOf(redemption);
}

function refusalOf({ message }: DoubleRedemption): InsufficientPoints {
  const { missingPoints = '' } = message.refusal?.metadata ?? {};
  return new InsufficientPoints(`The balance doesn't cover the price: ${missingPoints} missing`, {
    metadata: { missingPoints, redemptionId: message.redemptionId },
  });
}

function found(store: Store, request: MemberName & { redemptionId: string }) {
  const account = store.account(request);
  const redemption = account.redemptions.get(request.redemptionId);
  if (redemption !== undefined) return { account, redemption };
  throw new RedemptionNotFound('The member has no redemption with that id');
}

function requireReserved({ message }: DoubleRedemption, to: string): void {
  if (message.state === Redemption_State.RESERVED) return;
  const named = Object.entries(Redemption_State).find(([, value]) => value === message.state);
  const from = named?.[0] ?? 'UNKNOWN';
  throw new IllegalTransition(`The state can't change from ${from} to ${to}`, {
    metadata: { from, to },
  });
}

function about({ message }: DoubleRedemption) {
  const { redemptionId, rewardId, rewardDisplayName, quantity, reference } = message;
  return { redemptionId, rewardId, rewardDisplayName, quantity, reference };
}

function responseOf(account: Account, redemption: DoubleRedemption, replayed: boolean) {
  return { redemption: redemption.message, balance: balanceOf(account), replayed };
}
