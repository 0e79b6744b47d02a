import type { Author } from '@loyalty/rules/author.ts';
import { fingerprintOf } from '@loyalty/rules/fingerprint.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { endOfGraceDay } from '@loyalty/rules/point-dates.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import { balanceAt } from '../domain/balance.ts';
import { IllegalTransition } from '../domain/errors.ts';
import { giveBack } from '../domain/redemption.ts';
import type { App } from './app.ts';
import type { LockedState, MemberName } from './ledger-store.ts';
import { lineAfter, lockedRedemption, repeatedRequest } from './locked-account.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import type { RedeemResult } from './redeem.ts';
import { partContent, partOf, type RedemptionPartName } from './redemption-part.ts';
import { requireUnarchived } from './require-unarchived.ts';

export interface ReverseRedemptionInput extends MemberName {
  readonly redemptionId: string;
  readonly idempotencyKey: string;
  readonly part: RedemptionPartName;
}

/**
 * Gives spent points back, all that is left or a part, once for each idempotency key.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link RedemptionNotFound} {@link IllegalTransition} {@link ValidationFailed}
 * {@link IdempotencyKeyReused} {@link LimitExceeded}, and what {@link App.queue} throws
 */
export async function reverseRedemption(
  app: App,
  input: ReverseRedemptionInput,
  author: Author,
): Promise<RedeemResult> {
  const program = await app.catalog.getLatest(input.programId);
  return await app.queue.submit({
    needs: {
      member: input,
      redemption: input,
      request: { kind: 'REVERSE', idempotencyKey: input.idempotencyKey },
    },
    decide: (locked) => reverse(locked, { input, author, program }),
  });
}

function reverse(
  locked: LockedState,
  {
    input,
    author,
    program,
  }: { input: ReverseRedemptionInput; author: Author; program: ProgramDefinition },
): RedeemResult {
  const request = {
    kind: 'REVERSE' as const,
    idempotencyKey: input.idempotencyKey,
    fingerprint: fingerprintOf([input.redemptionId, ...partContent(input.part)]),
  };
  const repeated = repeatedRequest(locked, { ...request, member: input });
  if (repeated === undefined) requireUnarchived(program);
  const { account, redemption } = lockedRedemption(locked, input);
  const now = locked.nowOf(account);
  if (repeated !== undefined) {
    return { redemption, balance: balanceAt(account, now), replayed: true };
  }
  if (redemption.state !== 'CAPTURED') {
    throw new IllegalTransition({ from: redemption.state, to: 'REVERSED' });
  }
  const { points } = partOf(redemption, input.part);
  const graceEndsAt = graceEnd(program, now);
  const after = giveBack(account, redemption, { points, graceEndsAt, author, now });
  locked.putAccount(after);
  const { membershipId } = account.membership;
  locked.putRequest({ ...request, membershipId, entry: lineAfter(account, after) });
  return {
    redemption: lockedRedemption(locked, input).redemption,
    balance: balanceAt(after, now),
    replayed: false,
  };
}

function graceEnd(program: ProgramDefinition, now: Instant): Instant | undefined {
  const ruleSet = ruleSetInForce(program.ruleSets, now, now);
  return ruleSet && endOfGraceDay(ruleSet, now);
}
