import { periodStart } from '@loyalty/rules/limit-period.ts';
import { endOfGraceDay } from '@loyalty/rules/point-dates.ts';
import { type CompiledReward, rewardRefusal } from '@loyalty/rules/reward-availability.ts';
import { priceReward } from '@loyalty/rules/reward-price.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import type { Answer, Asking, Of, Part } from './command.ts';
import {
  type Book,
  factsOf,
  once,
  type Piece,
  type Redemption,
  Refused,
  requireActive,
  requireMember,
} from './reference-book.ts';
import {
  beActive,
  expiryOf,
  give,
  inOrder,
  lotWith,
  pass,
  release,
  spendable,
  split,
  take,
  total,
} from './reference-points.ts';

export function redeem(book: Book, command: Of<'redeem'>): Answer {
  const { key, holdSeconds, expectedPoints } = command;
  if (command.byMember && (holdSeconds ?? 0) > 900) throw new Refused('VALIDATION_FAILED');
  requireMember(book);
  const content = { ...command, quantity: unitsOf(command) };
  return once(book, { key: `REDEEM ${key}`, content, conflict: 'IDEMPOTENCY_KEY_REUSED' }, () => {
    requireActive(book);
    const { offer, points, value } = offerOf(book, command);
    if (expectedPoints !== undefined && Number(expectedPoints) !== points) {
      const numbers = { pricePoints: points, expectedPoints: Number(expectedPoints) };
      throw new Refused('PRICE_CHANGED', numbers);
    }
    const [refusal] = obstacles(book, { offer, points, units: unitsOf(command) });
    const redemption: Redemption = {
      command,
      asked: { units: unitsOf(command), points },
      period: periodOf(book, offer),
      until: book.now + (holdSeconds || 900) * 1000,
      state: refusal === undefined ? 'RESERVED' : 'REJECTED',
      units: unitsOf(command),
      points,
      reversed: 0,
      value,
      pieces: take(spendable(book), refusal === undefined ? points : 0),
    };
    book.redemptions.set(key, redemption);
    if (refusal !== undefined) return () => refusal;
    if (holdSeconds === undefined) spend(book, redemption, points);
    return () => shown(redemption);
  });
}

export function quote(book: Book, command: Of<'quote'>): Answer {
  requireMember(book);
  const { offer, points } = offerOf(book, command);
  const reasons = obstacles(book, { offer, points, units: unitsOf(command) });
  const inactive = book.state === 'ACTIVE' ? [] : [`MEMBERSHIP_${book.state}`];
  return { points, reasons: [...inactive, ...reasons.map(({ error }) => error)].join() };
}

function unitsOf({ quantity }: Asking): number {
  return Math.max(quantity, 1);
}

function offerOf(book: Book, asking: Asking) {
  const offer = book.program.rewards.get(asking.rewardId);
  if (offer === undefined) throw new Refused('REWARD_NOT_FOUND');
  const price = priceReward(offer.reward, asking);
  if (Array.isArray(price)) throw new Refused('VALIDATION_FAILED');
  const value = price.value && Number(price.value.minorUnits);
  return { offer, points: Number(price.points), value };
}

/** The start of the period in which a redemption counts against the member's limit. */
function periodOf({ program, now }: Book, { memberLimit }: CompiledReward): number {
  if (memberLimit === undefined || memberLimit.period === 'LIFETIME') return 0;
  return Number(periodStart(memberLimit.period, new Date(now), program.clock));
}

function obstacles(
  book: Book,
  { offer, points, units }: { offer: CompiledReward; points: number; units: number },
): Answer[] {
  const live = [...book.redemptions.values()].filter(
    ({ command, state }) =>
      command.rewardId === offer.reward.rewardId && ['RESERVED', 'CAPTURED'].includes(state),
  );
  const taken = (of: readonly Redemption[]) => of.reduce((sum, each) => sum + each.units, 0);
  const inPeriod = live.filter(({ period }) => period === periodOf(book, offer));
  const found: Answer[] = [];
  const refusal = rewardRefusal(offer, { member: factsOf(book), now: new Date(book.now) });
  if (refusal !== undefined) found.push({ error: refusal.reason });
  const { stock } = offer.reward;
  if (stock && taken(live) + units > stock.limit) found.push({ error: 'OUT_OF_STOCK' });
  const { memberLimit: limit } = offer;
  if (limit && taken(inPeriod) + units > limit.count) found.push({ error: 'MEMBER_LIMIT_REACHED' });
  const missing = points + book.deficit - total(spendable(book));
  if (missing > 0) found.push({ error: 'INSUFFICIENT_POINTS', missing });
  return found;
}

/** Spends what a redemption holds, or a part of it; the rest goes back. */
function spend(book: Book, redemption: Redemption, points: number): void {
  const { asked, value } = redemption;
  const [spent, rest] = split(inOrder(book, redemption.pieces), points);
  redemption.state = 'CAPTURED';
  redemption.units = value === undefined ? (asked.units * points) / asked.points : asked.units;
  redemption.value = value && Math.floor((value * points) / asked.points);
  redemption.points = points;
  redemption.pieces = spent;
  book.lifetime.redeemed += points;
  beActive(book);
  give(book, rest);
  pass(book);
}

export function capture(book: Book, { key, part }: Of<'capture'>): Answer {
  const redemption = redemptionOf(book, key);
  const { state, points } = redemption;
  if (state === 'RESERVED') {
    spend(book, redemption, partOf(redemption, part));
    return { ...shown(redemption), replayed: false };
  }
  if ((state === 'CAPTURED' || state === 'REVERSED') && pointsOf(redemption, part) === points) {
    return { ...shown(redemption), replayed: true };
  }
  throw new Refused('ILLEGAL_TRANSITION', { from: state, to: 'CAPTURED' });
}

export function cancel(book: Book, { key, byMember }: Of<'cancel'>): Answer {
  const redemption = redemptionOf(book, key);
  const { state, command } = redemption;
  if (byMember && !command.byMember) throw new Refused('PERMISSION_DENIED');
  if (state !== 'RESERVED' && state !== 'CANCELLED') {
    throw new Refused('ILLEGAL_TRANSITION', { from: state, to: 'CANCELLED' });
  }
  if (state === 'RESERVED') release(book, redemption, 'CANCELLED');
  pass(book);
  return { ...shown(redemption), replayed: state === 'CANCELLED' };
}

export function reverse(book: Book, { key, requestKey, part }: Of<'reverse'>): Answer {
  const redemption = redemptionOf(book, key);
  const request = { key: `REVERSE ${requestKey}`, content: [key, part] };
  return once(book, { ...request, conflict: 'IDEMPOTENCY_KEY_REUSED' }, () => {
    const { state } = redemption;
    if (state !== 'CAPTURED')
      throw new Refused('ILLEGAL_TRANSITION', { from: state, to: 'REVERSED' });
    const points = partOf(redemption, part);
    const [returned, kept] = split(inOrder(book, redemption.pieces).toReversed(), points);
    redemption.pieces = kept;
    redemption.reversed += points;
    if (redemption.reversed === redemption.points) redemption.state = 'REVERSED';
    book.lifetime.redeemed -= points;
    give(
      book,
      returned.map((piece) => withGrace(book, piece)),
    );
    pass(book);
    return () => shown(redemption);
  });
}

function withGrace(book: Book, { lot, points }: Piece): Piece {
  const now = new Date(book.now);
  const ruleSet = ruleSetInForce(book.program.ruleSets, now, now);
  const expiresAt = (ruleSet && endOfGraceDay(ruleSet, now)?.getTime()) ?? 0;
  if (lot.class === 'GRACE' || expiryOf(book, lot) >= expiresAt) return { lot, points };
  return {
    lot: lotWith(book, { availableAt: lot.availableAt, expiresAt, class: 'GRACE' }),
    points,
  };
}

function redemptionOf(book: Book, key: string): Redemption {
  requireMember(book);
  const redemption = book.redemptions.get(key);
  if (redemption === undefined) throw new Refused('REDEMPTION_NOT_FOUND');
  return redemption;
}

/** How many points a part is, of what was not given back. */
function partOf(redemption: Redemption, part: Part): number {
  const left = redemption.points - redemption.reversed;
  const points = part.kind === 'ALL' ? left : pointsOf(redemption, part);
  if (points === undefined || points > left) throw new Refused('VALIDATION_FAILED');
  return points;
}

/** Units have their share of the price; undefined where the price is of the other kind. */
function pointsOf({ asked, value }: Redemption, part: Part): number | undefined {
  if (part.kind === 'ALL') return asked.points;
  if ((part.kind === 'POINTS') !== (value !== undefined)) return undefined;
  if (part.kind === 'POINTS') return Number(part.points);
  return (part.quantity * asked.points) / asked.units;
}

function shown({ state, units, points, reversed, value }: Redemption): Answer {
  return { state, units, points, reversed, value };
}
