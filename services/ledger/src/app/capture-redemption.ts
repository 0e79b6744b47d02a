import type { Author } from '@loyalty/rules/author.ts';
import { balanceAt } from '../domain/balance.ts';
import { IllegalTransition } from '../domain/errors.ts';
import { captureHold } from '../domain/redemption.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import type { App } from './app.ts';
import { inactivityFrom } from './evaluation.ts';
import type { LockedState, MemberName } from './ledger-store.ts';
import { lockedRedemption } from './locked-account.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import type { RedeemResult } from './redeem.ts';
import { partOf, type RedemptionPartName, valueOfPart } from './redemption-part.ts';
import { requireUnarchived } from './require-unarchived.ts';

export interface CaptureRedemptionInput extends MemberName {
  readonly redemptionId: string;
  readonly part: RedemptionPartName;
}

/**
 * Spends a hold, or a part of it; the rest goes back. Idempotent: the same part again returns the same.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link RedemptionNotFound} {@link IllegalTransition} {@link ValidationFailed}
 * {@link LimitExceeded}, and what {@link App.queue} throws
 */
export async function captureRedemption(
  app: App,
  input: CaptureRedemptionInput,
  author: Author,
): Promise<RedeemResult> {
  const program = await app.catalog.get(input.programId);
  return await app.queue.submit({
    needs: { member: input, redemption: input },
    decide: (locked) => capture(locked, { input, author, program }),
  });
}

function capture(
  locked: LockedState,
  {
    input,
    author,
    program,
  }: { input: CaptureRedemptionInput; author: Author; program: ProgramDefinition },
): RedeemResult {
  const known = locked.redemption(input, input);
  const replayed = known !== undefined && wasCapturedSo(known, input.part);
  if (!replayed) requireUnarchived(program);
  const { account, redemption } = lockedRedemption(locked, input);
  const now = locked.nowOf(account);
  if (replayed) return { redemption, balance: balanceAt(account, now), replayed };
  if (redemption.state !== 'RESERVED') {
    throw new IllegalTransition({ from: redemption.state, to: 'CAPTURED' });
  }
  const { points, quantity } = partOf(redemption, input.part);
  const value = valueOfPart(redemption, points);
  const after = captureHold(account, redemption, {
    points,
    quantity,
    value,
    inactivityExpiresAt: inactivityFrom(program.ruleSets, now),
    author,
    now,
  });
  locked.putAccount(after);
  return {
    redemption: lockedRedemption(locked, input).redemption,
    balance: balanceAt(after, now),
    replayed: false,
  };
}

/** Whether the redemption was a hold, and capturing the part would have led to what it is. */
function wasCapturedSo(redemption: Redemption, part: RedemptionPartName): boolean {
  const { state, holdExpiresAt } = redemption;
  if (holdExpiresAt === undefined || (state !== 'CAPTURED' && state !== 'REVERSED')) return false;
  switch (part.kind) {
    case 'ALL':
      return redemption.points === redemption.askedPoints;
    case 'QUANTITY':
      return redemption.value === undefined && redemption.quantity === part.quantity;
    case 'POINTS':
      return redemption.value !== undefined && redemption.points === part.points;
    default:
      return part satisfies never;
  }
}
