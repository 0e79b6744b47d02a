import { expireTime } from '@loyalty/rules/point-dates.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import { addByHand, takeByHand } from '../domain/adjust.ts';
import { type Balance, balanceAt } from '../domain/balance.ts';
import { always, type Instant, never } from '../domain/instant.ts';
import type { Account, Cause, Entry } from '../domain/journal.ts';
import type { LotKey } from '../domain/lot.ts';
import type { CommitQueue } from './commit-queue.ts';
import { inactivityFrom } from './evaluation.ts';
import { fingerprintOf } from './fingerprint.ts';
import { heldAccount, lineAfter, repeatedRequest } from './held-account.ts';
import type { Held, MemberName } from './ledger-store.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';
import { requireUnarchived } from './require-unarchived.ts';

export interface AdjustBalanceInput extends MemberName {
  readonly idempotencyKey: string;
  /** To add, or to take when negative. */
  readonly points: bigint;
  readonly reason: string;
  readonly allowDeficit: boolean;
}

export interface AdjustBalanceResult {
  readonly entry: Entry;
  readonly balance: Balance;
  readonly replayed: boolean;
}

/**
 * Corrects a balance by hand, once for each idempotency key. Points that are added live as long as points earned now.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived,
 * {@link MembershipNotFound} {@link InsufficientPoints} {@link IdempotencyKeyReused} {@link LimitExceeded}, and what
 * {@link CommitQueue.submit} throws
 */
export type AdjustBalanceUseCase = (
  input: AdjustBalanceInput,
  cause: Cause,
) => Promise<AdjustBalanceResult>;

export function createAdjustBalance(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): AdjustBalanceUseCase {
  return async (input, cause) => {
    const program = await deps.catalog.get(input.programId);
    return await deps.queue.submit({
      needs: {
        member: input,
        request: { kind: 'ADJUST', idempotencyKey: input.idempotencyKey },
      },
      decide: (held) => adjust(held, { input, cause, program }),
    });
  };
}

function adjust(
  held: Held,
  {
    input,
    cause,
    program,
  }: { input: AdjustBalanceInput; cause: Cause; program: ProgramDefinition },
): AdjustBalanceResult {
  const account = heldAccount(held, input);
  const now = held.nowOf(account);
  const request = {
    kind: 'ADJUST' as const,
    idempotencyKey: input.idempotencyKey,
    membershipId: account.membership.membershipId,
    fingerprint: fingerprintOf([String(input.points), input.reason, input.allowDeficit]),
  };
  const repeated = repeatedRequest(held, request);
  if (repeated !== undefined) {
    return { entry: repeated.entry, balance: balanceAt(account, now), replayed: true };
  }
  requireUnarchived(program);
  const after = adjusted(account, { input, cause, program, now });
  const entry = lineAfter(account, after);
  held.putAccount(after);
  held.putRequest({ ...request, entry });
  return { entry, balance: balanceAt(after, now), replayed: false };
}

function adjusted(
  account: Account,
  adjustment: {
    input: AdjustBalanceInput;
    cause: Cause;
    program: ProgramDefinition;
    now: Instant;
  },
): Account {
  const { input, program, cause, now } = adjustment;
  const { points, reason, allowDeficit } = input;
  if (points < 0n) {
    return takeByHand(account, { points: -points, allowDeficit, reason, cause, now });
  }
  const lot = lotOfToday(program, now);
  const inactivityExpiresAt =
    lot.class === 'INACTIVITY' ? inactivityFrom(program.ruleSets, now) : undefined;
  return addByHand(account, { points, lot, inactivityExpiresAt, reason, cause, now });
}

function lotOfToday(program: ProgramDefinition, now: Instant): LotKey {
  const occurTime = new Date(now);
  const ruleSet = ruleSetInForce(program.ruleSets, occurTime, occurTime);
  const expires = ruleSet && expireTime(ruleSet, { availableTime: null, occurTime });
  if (expires === 'INACTIVITY') {
    return { availableAt: always, expiresAt: never, class: 'INACTIVITY' };
  }
  const expiresAt = expires === undefined || expires === 'NEVER' ? never : expires.getTime();
  return { availableAt: always, expiresAt, class: 'NORMAL' };
}
