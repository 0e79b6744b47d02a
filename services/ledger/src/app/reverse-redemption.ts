import { endOfGraceDay } from '@loyalty/rules/point-dates.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import { balanceAt } from '../domain/balance.ts';
import { IllegalTransition } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import type { Cause } from '../domain/journal.ts';
import { giveBack } from '../domain/redemption.ts';
import type { CommitQueue } from './commit-queue.ts';
import { fingerprintOf } from './fingerprint.ts';
import { heldRedemption, lineAfter, repeatedRequest } from './held-account.ts';
import type { Held, MemberName } from './ledger-store.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';
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
 * {@link MembershipNotFound} {@link RedemptionNotFound} {@link IllegalTransition} {@link InvalidCommand}
 * {@link IdempotencyKeyReused} {@link LimitExceeded}, and what {@link CommitQueue.submit} throws
 */
export type ReverseRedemptionUseCase = (
  input: ReverseRedemptionInput,
  cause: Cause,
) => Promise<RedeemResult>;

export function createReverseRedemption(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): ReverseRedemptionUseCase {
  return async (input, cause) => {
    const program = await deps.catalog.getLatest(input.programId);
    return await deps.queue.submit({
      needs: {
        member: input,
        redemption: input,
        request: { kind: 'REVERSE', idempotencyKey: input.idempotencyKey },
      },
      decide: (held) => reverse(held, { input, cause, program }),
    });
  };
}

function reverse(
  held: Held,
  {
    input,
    cause,
    program,
  }: { input: ReverseRedemptionInput; cause: Cause; program: ProgramDefinition },
): RedeemResult {
  const request = {
    kind: 'REVERSE' as const,
    idempotencyKey: input.idempotencyKey,
    fingerprint: fingerprintOf([input.redemptionId, ...partContent(input.part)]),
  };
  const repeated = repeatedRequest(held, { ...request, member: input });
  if (repeated === undefined) requireUnarchived(program);
  const { account, redemption } = heldRedemption(held, input);
  const now = held.nowOf(account);
  if (repeated !== undefined) {
    return { redemption, balance: balanceAt(account, now), replayed: true };
  }
  if (redemption.state !== 'CAPTURED') {
    throw new IllegalTransition({ from: redemption.state, to: 'REVERSED' });
  }
  const { points } = partOf(redemption, input.part);
  const graceEndsAt = graceEnd(program, now);
  const after = giveBack(account, redemption, { points, graceEndsAt, cause, now });
  held.putAccount(after);
  const { membershipId } = account.membership;
  held.putRequest({ ...request, membershipId, entry: lineAfter(account, after) });
  return {
    redemption: heldRedemption(held, input).redemption,
    balance: balanceAt(after, now),
    replayed: false,
  };
}

function graceEnd(program: ProgramDefinition, now: Instant): Instant | undefined {
  const date = new Date(now);
  const ruleSet = ruleSetInForce(program.ruleSets, date, date);
  return ruleSet && endOfGraceDay(ruleSet, date)?.getTime();
}
