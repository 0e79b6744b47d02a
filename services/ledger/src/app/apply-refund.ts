import type { Author } from '@loyalty/rules/author.ts';
import { type CompiledRuleSet, capPeriods } from '@loyalty/rules/compile-rule-set.ts';
import { type Award, evaluate } from '@loyalty/rules/evaluate.ts';
import { occurTimeOf } from '@loyalty/rules/occur-time.ts';
import {
  afterRefund,
  type RefundPart,
  type Remaining,
  wholePurchase,
} from '@loyalty/rules/remaining-purchase.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { CapCounts } from '../domain/earn.ts';
import { RefundExceedsTransaction } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import { smaller } from '../domain/points.ts';
import { takeBack } from '../domain/refund.ts';
import { capCountsLeft } from './evaluation.ts';
import type { LockedState, PostedEarn, PurchaseRefund } from './ledger-store.ts';

/** What a refund leads to, before it is put. */
export interface AppliedRefund {
  readonly account: Account;
  readonly earn: PostedEarn;
  readonly refund: PurchaseRefund;
}

/**
 * Takes back what a refund makes of an earn: the points that its rules, evaluated again on what is left of the
 * purchase and on the facts of that day, no longer give. Any complete series of refunds ends where the full one does.
 *
 * @throws {RefundExceedsTransaction} {@link ValidationFailed} {@link LimitExceeded}
 */
export function applyRefund(
  locked: LockedState,
  refunding: {
    earn: PostedEarn;
    refund: PurchaseRefund;
    ruleSet: CompiledRuleSet;
    author: Author;
  },
): AppliedRefund {
  const { earn, refund, ruleSet, author } = refunding;
  const account = locked.bringUpToDateById(earn.membershipId);
  const remaining = refunded(earn, remainingOf(earn, appliedExtents(locked, earn)), refund.extent);
  const award = evaluateAgain(earn, { ruleSet, remaining, account });
  const pointsBefore = earn.points - earn.reversedPoints;
  const points = pointsBefore - smaller(pointsBefore, award.points);
  const {
    account: taken,
    outcome,
    counted,
  } = takeBack(account, {
    points,
    earn,
    lapses: locked.lapses(earn.membershipId, earn.lot),
    shortfall: ruleSet.refund.shortfall,
    transactionId: earn.transactionId,
    refundId: refund.refundId,
    author,
    now: locked.nowOf(account),
  });
  const capCounts = capCountsLeft(earn.capCounts, award);
  freeCaps(locked, { earn, ruleSet, capCounts });
  for (const lapse of counted) locked.addLapsedRefunded(earn.membershipId, earn.lot, lapse);
  const applied: AppliedRefund = {
    account: taken,
    earn: {
      ...earn,
      reversedPoints: earn.reversedPoints + points,
      state: remaining.fullyReturned ? 'REVERSED' : earn.state,
      capCounts,
    },
    refund: { ...refund, ...outcome, state: 'APPLIED' },
  };
  locked.putAccount(applied.account);
  locked.putEarn(applied.earn);
  locked.putRefund(applied.refund);
  return applied;
}

function appliedExtents(locked: LockedState, earn: PostedEarn): RefundPart[] {
  return locked
    .refunds(earn)
    .filter(({ state }) => state === 'APPLIED')
    .map(({ extent }) => extent);
}

function remainingOf({ purchase }: PostedEarn, extents: readonly RefundPart[]): Remaining {
  return extents.reduce<Remaining>((left, extent) => {
    const rest = afterRefund(purchase, left, extent);
    if ('fault' in rest) throw new Error(`an applied refund no longer applies: ${rest.message}`);
    return rest;
  }, wholePurchase(purchase));
}

function refunded({ purchase }: PostedEarn, left: Remaining, extent: RefundPart): Remaining {
  const rest = afterRefund(purchase, left, extent);
  if (!('fault' in rest)) return rest;
  if (rest.fault === 'EXCEEDS_TRANSACTION') throw new RefundExceedsTransaction(rest.message);
  throw new ValidationFailed([{ field: 'amount.currency_code', message: rest.message }]);
}

/** The award of what is left, by the rules and the facts that the purchase was credited with. */
function evaluateAgain(
  { purchase, postTime, facts }: PostedEarn,
  {
    ruleSet,
    remaining,
    account,
  }: { ruleSet: CompiledRuleSet; remaining: Remaining; account: Account },
): Award {
  const { userId, joinTime } = account.membership;
  return evaluate(ruleSet, {
    purchase,
    member: {
      userId,
      attributes: facts?.attributes ?? {},
      joinTime: facts === undefined ? joinTime : Date.parse(facts.joinTime),
      lifetimeEarned: BigInt(facts?.lifetimeEarned ?? 0),
    },
    now: postTime,
    capUsed: (ruleId) => BigInt(facts?.capUsed[ruleId] ?? 0),
    remaining,
  });
}

/** Makes room for later earns in the caps that the earn now counts less toward; other earns aren't evaluated again. */
function freeCaps(
  locked: LockedState,
  {
    earn,
    ruleSet,
    capCounts,
  }: { earn: PostedEarn; ruleSet: CompiledRuleSet; capCounts: CapCounts | undefined },
): void {
  const occurTime = occurTimeOf(earn.purchase);
  if (occurTime === undefined || earn.capCounts === undefined) return;
  for (const cap of capPeriods(ruleSet, occurTime)) {
    const freed = (earn.capCounts.get(cap.ruleId) ?? 0n) - (capCounts?.get(cap.ruleId) ?? 0n);
    if (freed > 0n) locked.addCapUsed(earn.membershipId, cap, -freed);
  }
}
