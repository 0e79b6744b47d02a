import { instantIn, integerIn, type PositionCodec, textIn } from '@loyalty/platform/paging.ts';
import { instantMsMin } from '@loyalty/platform/rpc/timestamps.ts';
import type { StatementPosition } from '../app/get-statement.ts';
import type {
  EarnPosition,
  EntryPosition,
  HoldPosition,
  MemberPosition,
} from '../app/ledger-store.ts';

/** The largest id and sequence. */
const idMax = 2n ** 63n - 1n;

/** Open holds are listed by their deadlines. */
export const holdPosition = atInstant<HoldPosition>(
  ({ holdExpiresAt, redemptionId }) => [holdExpiresAt, redemptionId],
  (holdExpiresAt, redemptionId) => ({ holdExpiresAt, redemptionId }),
);

/** A program's earns are listed by the time at which they were written. */
export const earnPosition = atInstant<EarnPosition>(
  ({ postTime, transactionId }) => [postTime, transactionId],
  (postTime, transactionId) => ({ postTime, transactionId }),
);

/** Members are listed by user id, or by join time first. That may be before 1970, and no number in a token is negative. */
export const memberPosition = atInstant<MemberPosition>(
  ({ joinTime, userId }) => [joinTime, userId],
  (joinTime, userId) => ({ joinTime, userId }),
  { originMs: instantMsMin },
);

/** So are a program's entries, and its redemptions. */
export const entryPosition: PositionCodec<EntryPosition> = {
  toTexts: ({ createTime, membershipId, sequence }) => [
    String(createTime),
    String(membershipId),
    String(sequence),
  ],
  fromTexts([time = '', member = '', number = '', ...others]) {
    const createTime = instantIn(time);
    const membershipId = integerIn(member, idMax);
    const sequence = integerIn(number, idMax);
    if (createTime === undefined || membershipId === undefined || sequence === undefined) {
      return undefined;
    }
    if (others.length > 0) return undefined;
    return { createTime, membershipId, sequence };
  },
};

/** The entries of a statement are listed by their sequences. */
export const statementPosition: PositionCodec<StatementPosition> = {
  toTexts: ({ sequence, past, asOf }) => [String(sequence), String(past), String(asOf)],
  fromTexts([number = '', end = '', time = '', ...others]) {
    const sequence = integerIn(number, idMax);
    const past = integerIn(end, idMax);
    const asOf = instantIn(time);
    if (sequence === undefined || past === undefined || asOf === undefined) return undefined;
    if (others.length > 0 || sequence >= past) return undefined;
    return { sequence, past, asOf };
  },
};

/** Positions of an instant and an id. Tokens have the milliseconds since `originMs`, the earliest instant. */
function atInstant<Position>(
  partsOf: (position: Position) => [instant: number, id: string],
  positionOf: (instant: number, id: string) => Position,
  { originMs } = { originMs: 0 },
): PositionCodec<Position> {
  return {
    toTexts(position) {
      const [instant, id] = partsOf(position);
      return [String(instant - originMs), id];
    },
    fromTexts([time = '', text = '', ...others]) {
      const instant = instantIn(time, originMs);
      const id = textIn(text);
      if (others.length > 0 || instant === undefined || id === undefined) return undefined;
      return positionOf(instant, id);
    },
  };
}
