import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { type CapUsage, evaluate } from '@loyalty/rules/evaluate.ts';
import type { MemberFacts, Purchase } from '@loyalty/rules/language.ts';
import { type LimitPeriod, periodStart } from '@loyalty/rules/limit-period.ts';
import { occurTimeOf } from '@loyalty/rules/occur-time.ts';
import {
  availableTime,
  endOfGraceDay,
  expireTime,
  inactivityDate,
} from '@loyalty/rules/point-dates.ts';
import {
  afterRefund,
  type RefundPart,
  type Remaining,
  wholePurchase,
} from '@loyalty/rules/remaining-purchase.ts';
import { type CompiledReward, rewardRefusal } from '@loyalty/rules/reward-availability.ts';
import { conversionValue, priceReward } from '@loyalty/rules/reward-price.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import type { RedemptionPartName } from '../../src/app/redemption-part.ts';
import { type Answer, type Asking, type Dates, Refused } from './command.ts';

// What the program of a member says about points, in plain numbers. The model shares the rules with the ledger, which
// are tested by themselves, and nothing else.

const never = Number.POSITIVE_INFINITY;
const always = Number.NEGATIVE_INFINITY;

export interface ReferenceProgram {
  readonly ruleSets: readonly CompiledRuleSet[];
  readonly rewards: ReadonlyMap<string, CompiledReward>;
  readonly clock: ZoneClock;
  readonly autoEnrollment: boolean;
}

/** What the rules may ask about a member. */
export interface Member {
  readonly program: ReferenceProgram;
  readonly userId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly lifetime: { readonly earned: number };
  readonly capUsed: Map<string, number>;
  /** When points expire by inactivity. */
  idleAt: number;
  readonly now: number;
}

export interface Lot {
  readonly availableAt: number;
  /** Infinite for points that expire by inactivity. */
  readonly expiresAt: number;
  readonly class: 'GRACE' | 'INACTIVITY' | 'NORMAL';
}

export interface Earn {
  readonly purchase: Purchase;
  readonly ruleSet: CompiledRuleSet;
  readonly facts: MemberFacts;
  readonly postTime: number;
  readonly capUsedBefore: ReadonlyMap<string, number>;
  readonly lot: Lot;
  points: number;
  reversed: number;
  left: Remaining;
  /** What it counts of caps; undefined before its rules were asked. */
  counted: readonly CapUsage[] | undefined;
}

/** An earn of the purchase now, which counts against caps. */
export function newEarn(member: Member, purchase: Purchase): Earn {
  const occurTime = occurTimeOf(purchase) as number;
  const { ruleSets } = member.program;
  const ruleSet = ruleSetInForce(ruleSets, occurTime, member.now) as CompiledRuleSet;
  const left = wholePurchase(purchase);
  const earn: Earn = {
    purchase,
    ruleSet,
    facts: factsOf(member),
    postTime: member.now,
    capUsedBefore: new Map(member.capUsed),
    lot: lotOf(ruleSet, { occurTime, availableTime: availableTime(ruleSet, occurTime) }),
    points: 0,
    reversed: 0,
    left,
    counted: undefined,
  };
  earn.points = award(member, earn);
  return earn;
}

/**
 * How many points an earn gives once so much more of its purchase went back.
 *
 * @throws {Refused} when that is more than there is
 */
export function pointsAfter(member: Member, earn: Earn, extent: RefundPart): number {
  const left = afterRefund(earn.purchase, earn.left, extent);
  if ('fault' in left) {
    const exceeds = left.fault === 'EXCEEDS_TRANSACTION';
    throw new Refused(exceeds ? 'REFUND_EXCEEDS_TRANSACTION' : 'VALIDATION_FAILED');
  }
  earn.left = left;
  return award(member, earn);
}

function award({ capUsed }: Member, earn: Earn): number {
  const { points, capUsage } = evaluate(earn.ruleSet, {
    purchase: earn.purchase,
    member: earn.facts,
    now: earn.postTime,
    capUsed: (...cap) => BigInt(earn.capUsedBefore.get(capKey(...cap)) ?? 0),
    remaining: earn.left,
  });
  const count = ({ ruleId, period, start, points: used }: CapUsage, sign: number) => {
    const key = capKey(ruleId, period, start);
    capUsed.set(key, (capUsed.get(key) ?? 0) + sign * Number(used));
  };
  const counted = earn.counted === undefined ? capUsage : stillCounted(earn.counted, capUsage);
  for (const used of earn.counted ?? []) count(used, -1);
  for (const used of counted) count(used, 1);
  earn.counted = counted;
  return Number(points);
}

/** A refund makes room in caps and never takes any. */
function stillCounted(before: readonly CapUsage[], now: readonly CapUsage[]): CapUsage[] {
  return before.map((used) => {
    const points = now.find(({ ruleId }) => ruleId === used.ruleId)?.points ?? 0n;
    return points < used.points ? { ...used, points } : used;
  });
}

function capKey(ruleId: string, period: LimitPeriod, start: number): string {
  return `${ruleId} ${period} ${start}`;
}

function factsOf({ userId, attributes, lifetime }: Member): MemberFacts {
  const lifetimeEarned = BigInt(lifetime.earned);
  return { userId, attributes, joinTime: 0, lifetimeEarned };
}

function lotOf(
  ruleSet: CompiledRuleSet,
  { occurTime, availableTime: availableAt }: { occurTime: number; availableTime: number },
): Lot {
  const expires = expireTime(ruleSet, { availableTime: availableAt, occurTime });
  if (expires === 'INACTIVITY') return { availableAt, expiresAt: never, class: expires };
  return { availableAt, expiresAt: expires, class: 'NORMAL' };
}

/** The lot of points that are given now, without a purchase. Dates that have passed are now. */
export function lotOfGift(
  member: Member,
  { availableTime = always, expireTime: gone }: Dates,
): Lot {
  const availableAt = availableTime > member.now ? availableTime : always;
  if (gone !== undefined) {
    return { availableAt, expiresAt: Math.max(gone, member.now), class: 'NORMAL' };
  }
  const ruleSet = ruleSetNow(member) as CompiledRuleSet;
  const occurTime = Math.max(availableAt, member.now);
  return { ...lotOf(ruleSet, { occurTime, availableTime: always }), availableAt };
}

function ruleSetNow({ program, now }: Member): CompiledRuleSet | undefined {
  return ruleSetInForce(program.ruleSets, now, now);
}

/** The lot of points that come back to that one now: they may live longer, once. */
export function lotOfReturn(member: Member, lot: Lot): Lot {
  const ruleSet = ruleSetNow(member);
  const expiresAt = (ruleSet && endOfGraceDay(ruleSet, member.now)) ?? always;
  if (lot.class === 'GRACE' || expiryOf(member, lot) >= expiresAt) return lot;
  return { availableAt: lot.availableAt, expiresAt, class: 'GRACE' };
}

export function sameLot(a: Lot, b: Lot): boolean {
  return a.availableAt === b.availableAt && a.expiresAt === b.expiresAt && a.class === b.class;
}

export function expiryOf({ idleAt }: Member, lot: Lot): number {
  return lot.class === 'INACTIVITY' ? idleAt : lot.expiresAt;
}

/** Negative when points of the first lot are spent before those of the second. */
export function compareLots(member: Member, a: Lot, b: Lot): number {
  const ascending = (x: number | string, y: number | string) => (x === y ? 0 : x < y ? -1 : 1);
  return (
    ascending(expiryOf(member, a), expiryOf(member, b)) ||
    ascending(a.availableAt, b.availableAt) ||
    ascending(a.class, b.class)
  );
}

/** Moves the date of inactivity forward. */
export function beActive(member: Member): void {
  const moved = idleDate(member, member.now);
  if (moved === undefined) return;
  member.idleAt = Math.max(member.idleAt === never ? always : member.idleAt, moved);
}

/** Gives points that expire by inactivity a date, where the member has none to come. */
export function startIdle(member: Member, lot: Lot): void {
  if (lot.class !== 'INACTIVITY') return;
  if (member.idleAt !== never && member.idleAt > member.now) return;
  member.idleAt = idleDate(member, Math.max(lot.availableAt, member.now)) ?? member.idleAt;
}

/** When points expire if the member does nothing from then on, by the newest policy so far that has such a date. */
function idleDate({ program, now }: Member, from: number): number | undefined {
  return program.ruleSets
    .filter(({ effectiveTime }) => effectiveTime !== undefined && effectiveTime <= now)
    .flatMap((ruleSet) => inactivityDate(ruleSet, from) ?? [])
    .at(-1);
}

/** Something that is asked for, at the price of now. */
export interface Offer {
  readonly reward: CompiledReward;
  readonly points: number;
  readonly units: number;
  /** The start of the period in which it counts against the member's limit. */
  readonly period: number;
}

export interface Redemption {
  readonly offer: Offer;
  readonly byMember: boolean;
  /** Whether its points were held, and until when. */
  readonly held: boolean;
  readonly until: number;
  state: 'RESERVED' | 'CAPTURED' | 'CANCELLED' | 'EXPIRED' | 'REVERSED' | 'REJECTED';
  /** What of the offer's points is held or was spent, and how much of that came back. */
  points: number;
  reversed: number;
}

/** @throws {Refused} */
export function offerOf({ program, now }: Member, asking: Asking): Offer {
  const reward = program.rewards.get(asking.rewardId);
  if (reward === undefined) throw new Refused('REWARD_NOT_FOUND');
  const price = priceReward(reward.reward, asking);
  if (Array.isArray(price)) throw new Refused('VALIDATION_FAILED');
  const limit = reward.memberLimit?.period;
  const period = periodStart(limit ?? 'LIFETIME', now, program.clock);
  const units = asking.quantity ?? 1;
  return { reward, points: Number(price.points), units, period };
}

/** The reward's own reasons against an offer. */
export function rewardRefusals(
  member: Member,
  { reward, units, period }: Offer,
  redemptions: readonly Redemption[],
): Answer[] {
  const standing = redemptions.filter(
    ({ offer, state }) => offer.reward === reward && ['RESERVED', 'CAPTURED'].includes(state),
  );
  const inPeriod = standing.filter(({ offer }) => offer.period === period);
  const taken = (list: Redemption[]) => list.reduce((sum, each) => sum + unitsOf(each), units);
  const refusals: Answer[] = [];
  const { reward: definition, memberLimit } = reward;
  const own = rewardRefusal(reward, { member: factsOf(member), now: member.now });
  if (own !== undefined) refusals.push({ error: own.reason });
  if (taken(standing) > (definition.stock?.limit ?? never))
    refusals.push({ error: 'OUT_OF_STOCK' });
  if (taken(inPeriod) > (memberLimit?.count ?? never)) {
    refusals.push({ error: 'MEMBER_LIMIT_REACHED' });
  }
  return refusals;
}

/** How many points a part is; undefined where the price is of the other kind. */
export function pointsOf({ offer }: Redemption, part: RedemptionPartName): number | undefined {
  const { points, units } = offer;
  const isConversion = offer.reward.reward.price.case === 'conversion';
  if (part.kind === 'ALL') return points;
  if ((part.kind === 'POINTS') !== isConversion) return undefined;
  return part.kind === 'POINTS' ? Number(part.points) : (part.quantity * points) / units;
}

/**
 * How many points a part is, of what didn't come back.
 *
 * @throws {Refused} when it is no part of that
 */
export function pointsOfPart(redemption: Redemption, part: RedemptionPartName): number {
  const left = redemption.points - redemption.reversed;
  const points = part.kind === 'ALL' ? left : pointsOf(redemption, part);
  if (points === undefined || points > left) throw new Refused('VALIDATION_FAILED');
  return points;
}

function unitsOf({ offer, points }: Redemption): number {
  const isConversion = offer.reward.reward.price.case === 'conversion';
  return isConversion ? offer.units : (offer.units * points) / offer.points;
}

/** A redemption as it is told. */
export function shown(redemption: Redemption): Answer {
  const { offer, state, points, reversed } = redemption;
  const { price } = offer.reward.reward;
  const value =
    price.case === 'conversion'
      ? Number(conversionValue(price.value, BigInt(points)).minorUnits)
      : undefined;
  return { state, units: unitsOf(redemption), points, reversed, value };
}
