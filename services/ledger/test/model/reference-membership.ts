import { type Dates, Refused } from './command.ts';
import * as terms from './reference-terms.ts';

interface Point {
  lot: terms.Lot;
  /** GONE: paid what was owed, or was taken by a refund or an adjustment. A redemption: held by it, or spent on it. */
  where: 'PENDING' | 'AVAILABLE' | 'LAPSED' | 'GONE' | terms.Redemption;
  /** How many earns there were when it lapsed: a later one didn't give it. */
  lapsedAfter: number;
}

/**
 * The points of a membership as the specification has them, one by one: no lots to sum, no journal, storage or
 * batches. Each read or change lets time pass first.
 */
export class ReferenceMembership implements terms.Member {
  readonly program: terms.ReferenceProgram;
  readonly userId: string;
  readonly earns = new Map<string, terms.Earn>();
  readonly redemptions = new Map<string, terms.Redemption>();
  readonly lifetime = { earned: 0, redeemed: 0, expired: 0 };
  readonly capUsed = new Map<string, number>();
  attributes: Readonly<Record<string, string>> = {};
  idleAt = Number.POSITIVE_INFINITY;
  now = 0;
  private deficit = 0;
  private readonly points: Point[] = [];

  constructor(program: terms.ReferenceProgram, userId: string) {
    this.program = program;
    this.userId = userId;
  }

  /** Lets happen what is due by now, each at its own instant: maturity, then the end of holds, then expiry. */
  passTime(): void {
    const dues = [
      ...this.at('PENDING').map(({ lot }) => lot.availableAt),
      ...this.holds().map(({ until }) => until),
      ...this.inLots().map(({ lot }) => terms.expiryOf(this, lot)),
    ];
    const due = dues.reduce((first, each) => Math.min(first, each), Number.POSITIVE_INFINITY);
    if (due > this.now) return;
    this.makeAvailable(this.at('PENDING').filter(({ lot }) => lot.availableAt <= due));
    for (const hold of this.holds()) if (hold.until <= due) this.release(hold, 'EXPIRED');
    const expired = this.inLots().filter(({ lot }) => terms.expiryOf(this, lot) <= due);
    this.lifetime.expired += this.lapse(expired);
    this.passTime();
  }

  earn(purchase: terms.Earn['purchase']): terms.Earn {
    const earn = terms.newEarn(this, purchase);
    this.earns.set(purchase.transactionId, earn);
    this.lifetime.earned += earn.points;
    terms.beActive(this);
    this.credit(earn.lot, earn.points);
    return earn;
  }

  /** Takes back what an earn no longer gives. First what is lost already, which costs nothing now. */
  refund(earn: terms.Earn, extent: Parameters<typeof terms.pointsAfter>[2]) {
    const before = earn.points - earn.reversed;
    const points = before - Math.min(before, terms.pointsAfter(this, earn, extent));
    const own = this.points.filter(({ lot }) => terms.sameLot(lot, earn.lot));
    const others = this.spendable().filter(({ lot }) => !terms.sameLot(lot, earn.lot));
    const number = [...this.earns.values()].indexOf(earn) + 1;
    const gone = own
      .filter(({ where, lapsedAfter }) => where === 'LAPSED' && lapsedAfter >= number)
      .toSorted((a, b) => a.lapsedAfter - b.lapsedAfter);
    const lapsed = put(gone.slice(0, points), 'GONE');
    const taken = put([...own.filter(isInLot), ...others].slice(0, points - lapsed), 'GONE');
    const missing = points - lapsed - taken;
    const owed = earn.ruleSet.refund.shortfall === 'DEFICIT' ? missing : 0;
    earn.reversed += points;
    this.lifetime.earned -= points;
    this.deficit += owed;
    return { points, taken, lapsed, owed, forgiven: missing - owed };
  }

  /** Reserves points; none for a redemption that is refused. */
  redeem(key: string, redemption: terms.Redemption): void {
    this.redemptions.set(key, redemption);
    if (redemption.state === 'REJECTED') return;
    put(this.spendable().slice(0, redemption.points), redemption);
  }

  /** Spends of what is held the points that expire first; the others go back. */
  capture(hold: terms.Redemption, points: number): void {
    const rest = this.inOrder(this.at(hold)).slice(points);
    hold.state = 'CAPTURED';
    hold.points = points;
    this.lifetime.redeemed += points;
    terms.beActive(this);
    this.makeAvailable(rest);
  }

  release(hold: terms.Redemption, state: 'CANCELLED' | 'EXPIRED'): void {
    hold.state = state;
    this.makeAvailable(this.at(hold));
  }

  /** Gives back of what was spent the points that expire last; someone who left loses them at once. */
  reverse(redemption: terms.Redemption, points: number, { hasLeft }: { hasLeft: boolean }): void {
    const returned = this.inOrder(this.at(redemption)).toReversed().slice(0, points);
    redemption.reversed += points;
    if (redemption.reversed === redemption.points) redemption.state = 'REVERSED';
    this.lifetime.redeemed -= points;
    if (!hasLeft) for (const point of returned) point.lot = terms.lotOfReturn(this, point.lot);
    this.makeAvailable(returned);
    if (hasLeft) this.forfeit();
  }

  /** Takes points; answers how the balances change. */
  take(points: number, { allowDeficit }: { allowDeficit: boolean }) {
    const taken = this.spendable().slice(0, points);
    const owed = points - taken.length;
    if (owed > 0 && !allowDeficit) {
      throw new Refused('INSUFFICIENT_POINTS', { missing: owed + this.deficit });
    }
    put(taken, 'GONE');
    this.deficit += owed;
    return { available: -taken.length, pending: 0, deficit: owed };
  }

  /** Gives points; answers how the balances change. */
  give(points: number, dates: Dates, { hasLeft }: { hasLeft: boolean }) {
    const lot = terms.lotOfGift(this, dates);
    const pending = lot.availableAt > this.now ? points : 0;
    const paid = pending > 0 ? 0 : Math.min(points, this.deficit);
    if (hasLeft && paid < points) throw new Refused('MEMBERSHIP_LEFT');
    terms.startIdle(this, lot);
    if (lot.availableAt >= terms.expiryOf(this, lot)) throw new Refused('VALIDATION_FAILED');
    this.credit(lot, points);
    return { available: points - pending - paid, pending, deficit: -paid };
  }

  /**
   * Ends holds in the order of their ends, those that were made first before others that end with them. Answers their
   * keys in that order.
   */
  endHolds(): string[] {
    const inOrder = [...this.redemptions]
      .filter(([, { state }]) => state === 'RESERVED')
      .toSorted(([, a], [, b]) => a.until - b.until);
    for (const [, hold] of inOrder) this.release(hold, 'CANCELLED');
    return inOrder.map(([key]) => key);
  }

  /** A member who leaves loses what isn't spent and hasn't expired; returns how much. */
  forfeit(): number {
    this.passTime();
    return this.lapse(this.inLots());
  }

  balance() {
    const expiries = this.inLots().map(({ lot }) => terms.expiryOf(this, lot));
    const next = Math.min(...expiries);
    const expires = Number.isFinite(next);
    const maturities = this.at('PENDING')
      .filter(({ lot }) => lot.availableAt < terms.expiryOf(this, lot))
      .map(({ lot }) => lot.availableAt);
    const matures = maturities.length > 0 ? Math.min(...maturities) : undefined;
    return {
      available: this.at('AVAILABLE').length,
      pending: this.at('PENDING').length,
      reserved: this.holds().reduce((sum, { points }) => sum + points, 0),
      deficit: this.deficit,
      lifetimeEarned: this.lifetime.earned,
      lifetimeRedeemed: this.lifetime.redeemed,
      lifetimeExpired: this.lifetime.expired,
      nextExpiryTime: expires ? new Date(next).toISOString() : undefined,
      nextExpiryPoints: expires ? expiries.filter((each) => each === next).length : undefined,
      nextMaturityTime: matures === undefined ? undefined : new Date(matures).toISOString(),
      nextMaturityPoints: maturities.filter((each) => each === matures).length || undefined,
    };
  }

  holds(): terms.Redemption[] {
    return [...this.redemptions.values()].filter(({ state }) => state === 'RESERVED');
  }

  /** Points are lost unspent. */
  private lapse(points: readonly Point[]): number {
    for (const point of points) point.lapsedAfter = this.earns.size;
    return put(points, 'LAPSED');
  }

  private credit(lot: terms.Lot, points: number): void {
    for (let count = 0; count < points; count += 1) {
      this.points.push({ lot, where: 'PENDING', lapsedAfter: 0 });
    }
    this.passTime();
  }

  /** Before anything else they pay what is owed, those that would be spent first before the others. */
  private makeAvailable(points: readonly Point[]): void {
    const inOrder = this.inOrder(points);
    const paid = put(inOrder.slice(0, this.deficit), 'GONE');
    put(inOrder.slice(paid), 'AVAILABLE');
    this.deficit -= paid;
  }

  private at(place: Point['where']): Point[] {
    return this.points.filter(({ where }) => where === place);
  }

  private inLots(): Point[] {
    return this.points.filter(isInLot);
  }

  /** What can be spent, in the order in which it is. */
  private spendable(): Point[] {
    return this.inOrder(this.at('AVAILABLE'));
  }

  private inOrder(points: readonly Point[]): Point[] {
    return points.toSorted((a, b) => terms.compareLots(this, a.lot, b.lot));
  }
}

function isInLot({ where }: Point): boolean {
  return where === 'PENDING' || where === 'AVAILABLE';
}

/** Puts all of the points there; answers how many. */
function put(points: readonly Point[], where: Point['where']): number {
  for (const point of points) point.where = where;
  return points.length;
}
