import type { Author } from '@loyalty/rules/author.ts';
import { fingerprintOf } from '@loyalty/rules/fingerprint.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { CompiledReward } from '@loyalty/rules/reward-availability.ts';
import type { RewardPrice } from '@loyalty/rules/reward-price.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { type Balance, balanceAt } from '../domain/balance.ts';
import {
  IdempotencyKeyReused,
  MembershipLeft,
  MembershipNotFound,
  MembershipSuspended,
  PriceChanged,
  ProgramNotActive,
  RedemptionRefused,
} from '../domain/errors.ts';
import { type Account, withMembership } from '../domain/journal.ts';
import { type RedemptionDraft, refuse, reserve, spend } from '../domain/redemption.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { countAttempt } from '../domain/velocity.ts';
import type { App } from './app.ts';
import { inactivityFrom } from './evaluation.ts';
import type { LockedState, MemberName, UsagePeriod } from './ledger-store.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import { repeatOf } from './repeat.ts';
import {
  obstaclesTo,
  priceOf,
  type RewardRequest,
  rateOf,
  requireOffer,
  unitsOf,
  usagePeriodOf,
} from './reward-offer.ts';
import { visibleProgram } from './visible-program.ts';

export interface RedeemInput extends MemberName, RewardRequest {
  readonly idempotencyKey: string;
  readonly capture: 'IMMEDIATE' | 'HOLD';
  /** Only used for HOLD; 15 minutes if absent. */
  readonly holdSeconds: number | undefined;
  readonly expectedPoints: bigint | undefined;
  readonly reference: string;
  /** Whether the member asked, and not a backend. */
  readonly madeByMember: boolean;
}

export interface RedeemResult {
  readonly redemption: Redemption;
  readonly balance: Balance;
  readonly replayed: boolean;
}

const holdSecondsDefault = 15 * 60;
/** A member can't tie up stock for longer than a checkout takes. */
const memberHoldSecondsMax = 15 * 60;

/**
 * Spends or holds points for a reward, once for each idempotency key.
 *
 * @throws {RedemptionRefused} when the redemption was refused and kept as REJECTED, now or before
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} {@link MembershipNotFound}
 * {@link MembershipSuspended} {@link MembershipLeft} {@link RewardNotFound} {@link ValidationFailed}
 * {@link PriceChanged} {@link IdempotencyKeyReused} {@link VelocityLimitReached}, and what
 * {@link App.queue} throws
 */
export async function redeem(app: App, input: RedeemInput, author: Author): Promise<RedeemResult> {
  const holdMs = holdMsOf(input);
  const program = await visibleProgram(app.catalog, {
    programId: input.programId,
    byMember: input.madeByMember,
  });
  const now = app.clock();
  const offer = program.rewards.get(input.rewardId);
  const usage = offer && usagePeriodOf(offer, { program, now });
  const fingerprint = fingerprintOf(contentOf(input, holdMs));
  const redemptionId = app.newRedemptionId();
  const request: Request = { input, author, program, fingerprint, redemptionId, holdMs };
  const result = await app.queue.submit({
    needs: {
      notBefore: now,
      member: input,
      redemption: { idempotencyKey: input.idempotencyKey },
      ...(offer?.reward.stock === undefined ? {} : { stock: input }),
      ...(usage === undefined ? {} : { usage }),
    },
    decide: (locked) => replayOf(request, locked) ?? decideRedeem(request, locked),
  });
  const { refusal, redemptionId: refusedId } = result.redemption;
  if (refusal !== undefined) throw new RedemptionRefused(refusal, refusedId);
  return result;
}

interface Request {
  readonly input: RedeemInput;
  readonly author: Author;
  readonly program: ProgramDefinition;
  readonly fingerprint: Uint8Array;
  readonly redemptionId: string;
  /** Undefined for an immediate redemption. */
  readonly holdMs: number | undefined;
}

function holdMsOf({ capture, holdSeconds, madeByMember }: RedeemInput): number | undefined {
  const field = 'hold_seconds';
  if (capture === 'IMMEDIATE') {
    if (holdSeconds === undefined) return undefined;
    const message = 'leave it out: an immediate redemption is not held';
    throw new ValidationFailed([{ field, message }]);
  }
  const seconds = holdSeconds ?? holdSecondsDefault;
  if (madeByMember && seconds > memberHoldSecondsMax) {
    const message = `must be at most ${memberHoldSecondsMax} for a member`;
    throw new ValidationFailed([{ field, message }]);
  }
  return seconds * 1000;
}

/** The result of a key that was used before, or undefined. */
function replayOf({ input, fingerprint }: Request, locked: LockedState): RedeemResult | undefined {
  const account = locked.bringUpToDate(input);
  const { idempotencyKey } = input;
  const redemption = repeatOf(
    locked.redemption(input, { idempotencyKey }),
    fingerprint,
    () => new IdempotencyKeyReused(),
  );
  if (account === undefined || redemption === undefined) return undefined;
  return { redemption, balance: balanceAt(account, locked.nowOf(account)), replayed: true };
}

function decideRedeem(request: Request, locked: LockedState): RedeemResult {
  const { input, program } = request;
  const current = redeemingAccount(request, locked);
  const offer = requireOffer(program, input.rewardId);
  const price = priceOf(offer, input);
  const { expectedPoints } = input;
  if (expectedPoints !== undefined && expectedPoints !== price.points) {
    throw new PriceChanged({ pricePoints: price.points, expectedPoints });
  }
  const now = locked.nowOf(current);
  const before = withMembership(current, {
    redemptionWindow: countAttempt(current.membership.redemptionWindow, {
      perMinute: program.redemptionsPerMinute,
      now,
    }),
  });
  const usage = usagePeriodOf(offer, { program, now });
  const taken = {
    stock: offer.reward.stock === undefined ? 0n : locked.stockTaken(input),
    byMember: usage === undefined ? 0n : locked.usageTaken(input, usage),
  };
  const asked = { offer, request: input, price, account: before, taken, now };
  const [refusal] = obstaclesTo(asked);
  const draft = draftOf(request, { offer, price, usage, refused: refusal !== undefined });
  const move = { author: request.author, now };
  const account =
    refusal === undefined
      ? redeemed(before, { request, draft, now })
      : refuse(before, draft, { refusal, ...move });
  locked.putAccount(account);
  const redemption = account.redemptions.at(-1);
  if (redemption === undefined) throw new Error('a new redemption is missing');
  return { redemption, balance: balanceAt(account, now), replayed: false };
}

function redeemingAccount({ input, program }: Request, locked: LockedState): Account {
  if (program.state !== 'ACTIVE') throw new ProgramNotActive(program.programId, program.state);
  const account = locked.bringUpToDate(input);
  if (account === undefined) throw new MembershipNotFound();
  if (account.membership.state === 'SUSPENDED') throw new MembershipSuspended();
  if (account.membership.state === 'LEFT') throw new MembershipLeft();
  return account;
}

function redeemed(
  account: Account,
  { request, draft, now }: { request: Request; draft: RedemptionDraft; now: Instant },
): Account {
  const { author, holdMs, program } = request;
  if (holdMs !== undefined) {
    return reserve(account, draft, { holdExpiresAt: now + holdMs, author, now });
  }
  const inactivityExpiresAt = inactivityFrom(program.ruleSets, now);
  return spend(account, draft, { inactivityExpiresAt, author, now });
}

function draftOf(
  { input, fingerprint, redemptionId }: Request,
  {
    offer,
    price,
    usage,
    refused,
  }: {
    offer: CompiledReward;
    price: RewardPrice;
    usage: UsagePeriod | undefined;
    refused: boolean;
  },
): RedemptionDraft {
  return {
    redemptionId,
    idempotencyKey: input.idempotencyKey,
    fingerprint,
    rewardId: input.rewardId,
    rewardDisplayName: offer.reward.displayName,
    quantity: unitsOf(input),
    points: price.points,
    reference: input.reference,
    value: price.value,
    rate: rateOf(offer),
    madeByMember: input.madeByMember,
    stockTaken: !refused && offer.reward.stock !== undefined,
    usagePeriod:
      refused || usage === undefined ? undefined : { period: usage.period, start: usage.start },
  };
}

/**
 * What the request asks for: a field that is absent and its default are the same. The expected price is a precondition of
 * the first attempt only.
 */
function contentOf(input: RedeemInput, holdMs: number | undefined) {
  return [
    input.rewardId,
    unitsOf(input),
    input.capture,
    holdMs ?? null,
    input.points === undefined ? null : String(input.points),
    input.reference,
  ];
}
