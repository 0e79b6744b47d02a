import { createHash } from 'node:crypto';
import { periodStart } from '@loyalty/rules/limit-period.ts';
import { type CompiledReward, rewardRefusal } from '@loyalty/rules/reward-availability.ts';
import { priceReward, type RewardPrice } from '@loyalty/rules/reward-price.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import { type Balance, balanceAt } from '../domain/balance.ts';
import {
  IdempotencyKeyReused,
  InvalidCommand,
  MembershipLeft,
  MembershipNotFound,
  MembershipSuspended,
  NotImplemented,
  PriceChanged,
  ProgramNotActive,
  RedemptionRefused,
  type Refusal,
  RewardNotFound,
} from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import { type Account, type Cause, withMembership } from '../domain/journal.ts';
import { missingPoints, type Redemption, refuse, spend } from '../domain/redemption.ts';
import { countAttempt } from '../domain/velocity.ts';
import type { CommitQueue } from './commit-queue.ts';
import { factsOf, inactivityFrom, startOf } from './evaluation.ts';
import type { Held, MemberName, UsagePeriod } from './ledger-store.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';

export interface RedeemInput extends MemberName {
  readonly idempotencyKey: string;
  readonly rewardId: string;
  /** Units of a reward with a fixed price; 0 is 1. */
  readonly quantity: number;
  readonly capture: 'IMMEDIATE' | 'HOLD';
  /** 0 is the default. */
  readonly holdSeconds: number;
  /** Points of a conversion; 0 for other rewards. */
  readonly points: bigint;
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

/**
 * Spends points on a reward, once for each idempotency key.
 *
 * @throws {RedemptionRefused} when the redemption was refused and kept as REJECTED, now or before
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} {@link MembershipNotFound}
 * {@link MembershipSuspended} {@link MembershipLeft} {@link RewardNotFound} {@link InvalidCommand}
 * {@link PriceChanged} {@link IdempotencyKeyReused} {@link VelocityLimitReached} {@link NotImplemented} for holds,
 * and what {@link CommitQueue.submit} throws
 */
export type RedeemUseCase = (input: RedeemInput, cause: Cause) => Promise<RedeemResult>;

export function createRedeem(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
  clock: () => Instant;
  newRedemptionId: () => string;
}): RedeemUseCase {
  return async (input, cause) => {
    if (input.capture === 'HOLD') throw new NotImplemented('this release has no holds yet');
    if (input.holdSeconds !== 0) {
      const message = 'leave it out: an immediate redemption is not held';
      throw new InvalidCommand([{ field: 'hold_seconds', message }]);
    }
    const program = await deps.catalog.get(input.programId);
    const offer = program.rewards.get(input.rewardId);
    const usage = offer && usagePeriod(offer, { program, now: deps.clock() });
    const request: Request = {
      input,
      cause,
      program,
      offer,
      usage,
      fingerprint: fingerprintOf(input),
      redemptionId: deps.newRedemptionId(),
    };
    const outcome = await deps.queue.submit({
      needs: {
        member: input,
        idempotencyKey: input.idempotencyKey,
        ...(offer?.reward.stock === undefined ? {} : { stock: input }),
        ...(usage === undefined ? {} : { usage }),
      },
      decide: (held) => replayOf(request, held) ?? decideRedeem(request, held),
    });
    const { redemption } = outcome;
    if (redemption.refusal !== undefined) {
      throw new RedemptionRefused(redemption.refusal, redemption.redemptionId);
    }
    return outcome;
  };
}

interface Request {
  readonly input: RedeemInput;
  readonly cause: Cause;
  readonly program: ProgramDefinition;
  readonly offer: CompiledReward | undefined;
  readonly usage: UsagePeriod | undefined;
  readonly fingerprint: Uint8Array;
  readonly redemptionId: string;
}

/** The answer to a key that was used before, or undefined. */
function replayOf({ input, fingerprint }: Request, held: Held): RedeemResult | undefined {
  const account = held.account(input);
  if (account === undefined) throw new MembershipNotFound();
  const redemption = held.redemptionByKey(input, input.idempotencyKey);
  if (redemption === undefined) return undefined;
  if (!Buffer.from(redemption.fingerprint).equals(fingerprint)) throw new IdempotencyKeyReused();
  return { redemption, balance: balanceAt(account, held.now), replayed: true };
}

function decideRedeem(request: Request, held: Held): RedeemResult {
  const { input, program, offer } = request;
  const settled = redeemingAccount(request, held);
  if (offer === undefined) throw new RewardNotFound(input.rewardId);
  const price = priceReward(offer.reward, input);
  if (Array.isArray(price)) throw new InvalidCommand(price);
  const { expectedPoints } = input;
  if (expectedPoints !== undefined && expectedPoints !== price.points) {
    throw new PriceChanged({ pricePoints: price.points, expectedPoints });
  }
  const account = withMembership(settled, {
    redemptionWindow: countAttempt(settled.membership.redemptionWindow, {
      perMinute: program.redemptionsPerMinute,
      now: held.now,
    }),
  });
  const refusal = refusalOf({ request, offer, price, account, held });
  return refusal === undefined
    ? capture({ request, offer, price, account, held })
    : reject({ request, price, refusal, account, held });
}

function redeemingAccount({ input, program }: Request, held: Held): Account {
  if (program.state !== 'ACTIVE') throw new ProgramNotActive(program.programId, program.state);
  const account = held.account(input);
  if (account === undefined) throw new MembershipNotFound();
  if (account.membership.state === 'SUSPENDED') throw new MembershipSuspended();
  if (account.membership.state === 'LEFT') throw new MembershipLeft();
  return account;
}

interface Decision {
  readonly request: Request;
  readonly price: RewardPrice;
  readonly account: Account;
  readonly held: Held;
}

/** The first business reason against the redemption, in the order in which a person would want to know. */
function refusalOf({
  request: { input, usage },
  offer,
  price,
  account,
  held,
}: Decision & { offer: CompiledReward }): Refusal | undefined {
  const quantity = BigInt(units(input));
  const refusal = rewardRefusal(offer, { member: factsOf(account), now: new Date(held.now) });
  if (refusal !== undefined) return { reason: refusal.reason, metadata: {} };
  const { stock } = offer.reward;
  if (stock !== undefined && held.stockTaken(input) + quantity > stock.limit) {
    return { reason: 'OUT_OF_STOCK', metadata: {} };
  }
  const { memberLimit } = offer;
  if (
    memberLimit !== undefined &&
    usage !== undefined &&
    held.usageTaken(input, usage) + quantity > memberLimit.count
  ) {
    return { reason: 'MEMBER_LIMIT_REACHED', metadata: { period: memberLimit.period } };
  }
  const missing = missingPoints(account, price.points);
  if (missing > 0n) {
    return { reason: 'INSUFFICIENT_POINTS', metadata: { missingPoints: String(missing) } };
  }
  return undefined;
}

function capture({
  request,
  offer,
  price,
  account,
  held,
}: Decision & { offer: CompiledReward }): RedeemResult {
  const { input, cause, program, usage, redemptionId } = request;
  const now = new Date(held.now);
  const ruleSet = ruleSetInForce(program.ruleSets, now, now);
  const spent = spend(account, { points: price.points, redemptionId, cause, now: held.now });
  const after = ruleSet ? withMembership(spent, inactivityFrom(ruleSet, held.now)) : spent;
  const quantity = BigInt(units(input));
  const stockTaken = offer.reward.stock !== undefined;
  const redemption = redemptionOf(
    { request, price, account, held },
    {
      state: 'CAPTURED',
      stockTaken,
      ...(usage && { usagePeriod: { period: usage.period, start: usage.start } }),
    },
  );
  held.putAccount(after);
  held.putRedemption(input, redemption);
  if (stockTaken) held.addStockTaken(input, quantity);
  if (usage !== undefined) held.addUsageTaken(input, usage, quantity);
  return { redemption, balance: balanceAt(after, held.now), replayed: false };
}

function reject({
  request,
  price,
  refusal,
  account,
  held,
}: Decision & { refusal: Refusal }): RedeemResult {
  const { input, cause, redemptionId } = request;
  const after = refuse(account, {
    redemptionId,
    reason: refusal.reason,
    cause,
    now: held.now,
  });
  const redemption = redemptionOf(
    { request, price, account, held },
    { state: 'REJECTED', stockTaken: false, refusal },
  );
  held.putAccount(after);
  held.putRedemption(input, redemption);
  return { redemption, balance: balanceAt(after, held.now), replayed: false };
}

function redemptionOf(
  { request: { input, fingerprint, redemptionId }, price, account, held }: Decision,
  outcome: Pick<Redemption, 'state' | 'stockTaken'> &
    Partial<Pick<Redemption, 'refusal' | 'usagePeriod'>>,
): Redemption {
  const { membershipId, lastSequence } = account.membership;
  return {
    redemptionId,
    membershipId,
    idempotencyKey: input.idempotencyKey,
    fingerprint,
    sequence: lastSequence + 1n,
    rewardId: input.rewardId,
    quantity: units(input),
    points: price.points,
    reversedPoints: 0n,
    reference: input.reference,
    value: price.value && {
      currencyCode: price.value.currencyCode,
      minorUnits: price.value.minorUnits,
    },
    createTime: held.now,
    holdExpiresAt: undefined,
    madeByMember: input.madeByMember,
    refusal: undefined,
    usagePeriod: undefined,
    ...outcome,
  };
}

function units({ quantity }: RedeemInput): number {
  return Math.max(quantity, 1);
}

/** The period in which a redemption at `now` counts against the member's limit; undefined without a limit. */
function usagePeriod(
  { reward, memberLimit }: CompiledReward,
  { program, now }: { program: ProgramDefinition; now: Instant },
): UsagePeriod | undefined {
  if (memberLimit === undefined) return undefined;
  const start = periodStart(memberLimit.period, new Date(now), program.clock);
  return { rewardId: reward.rewardId, period: memberLimit.period, start: startOf(start) };
}

const fingerprintVersion = 1;

/** What must be the same for a repeat of a key to be one. The first byte is the version of its making. */
function fingerprintOf(input: RedeemInput): Uint8Array {
  const content = [
    input.rewardId,
    units(input),
    input.capture,
    String(input.points),
    input.expectedPoints === undefined ? null : String(input.expectedPoints),
    input.reference,
  ];
  const digest = createHash('sha256').update(JSON.stringify(content)).digest();
  return Buffer.concat([Buffer.of(fingerprintVersion), digest]);
}
