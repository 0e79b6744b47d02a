import { differingFields } from '@loyalty/rules/fingerprint.ts';
import { type Answer, attributesText, type Command, type Of, Refused, textOf } from './command.ts';
import { differingAdjustment } from './differing-adjustment.ts';
import { ReferenceMembership } from './reference-membership.ts';
import {
  type Offer,
  offerOf,
  pointsOf,
  pointsOfPart,
  type Redemption,
  type ReferenceProgram,
  rewardRefusals,
  shown,
} from './reference-terms.ts';

interface Refund {
  readonly command: Of<'refund'>;
  state: 'WAITING' | 'APPLIED' | 'REJECTED' | 'CANCELLED';
  numbers: Answer;
}

/** What the ledger must answer for a member, whose points a reference membership has: who may do what, and only once. */
export class ReferenceAnswers {
  private readonly membership: ReferenceMembership;
  private readonly refunds = new Map<string, Refund>();
  private readonly requests = new Map<string, { content: string; answer: () => Answer }>();
  private state: 'NONE' | 'ACTIVE' | 'SUSPENDED' | 'LEFT' = 'NONE';
  private suspended = false;
  /** How often the attributes have changed. */
  private changes = 0;

  constructor(program: ReferenceProgram, userId: string) {
    this.membership = new ReferenceMembership(program, userId);
  }

  answer(command: Command, now: number): Answer {
    this.membership.now = now;
    this.membership.passTime();
    try {
      return this.decide(command);
    } catch (error) {
      if (error instanceof Refused) return error.answer;
      throw error;
    }
  }

  /** Undefined for who never joined. */
  balance(now: number): Answer | undefined {
    this.membership.now = now;
    this.membership.passTime();
    return this.state === 'NONE' ? undefined : { state: this.state, ...this.membership.balance() };
  }

  private decide(command: Command): Answer {
    switch (command.kind) {
      case 'look':
        return {};
      case 'earn':
        return this.earn(command);
      case 'refund':
        return this.refund(command);
      case 'cancelRefund':
        return this.cancelRefund(command);
      case 'quote':
        return this.quote(command);
      case 'redeem':
        return this.redeem(command);
      case 'capture':
        return this.capture(command);
      case 'cancel':
        return this.cancel(command);
      case 'reverse':
        return this.reverse(command);
      case 'adjust':
        return this.adjust(command);
      case 'join':
        return this.join(command);
      case 'leave':
        return this.leave(command);
      case 'suspend':
        return this.suspend(true);
      case 'resume':
        return this.suspend(false);
      case 'update':
        return this.update(command);
      default:
        return command satisfies never;
    }
  }

  private earn({ purchase, byAnother }: Of<'earn'>): Answer {
    const { earns, userId, program } = this.membership;
    const known = earns.get(purchase.transactionId);
    if (known !== undefined) {
      const first = { userId: byAnother ? '' : userId, purchase: known.purchase };
      const fields = differingFields(first, { userId, purchase });
      if (fields.length > 0) throw new Refused('TRANSACTION_CONFLICT', { fields: fields.join() });
    } else {
      if (this.state === 'NONE' && program.autoEnrollment) this.state = 'ACTIVE';
      this.requireActive();
    }
    const earn = known ?? this.membership.earn(purchase);
    if (known === undefined) this.applyWaiting(purchase.transactionId);
    const { points, reversed, left } = earn;
    const state = left.fullyReturned ? 'REVERSED' : 'POSTED';
    return { state, points, reversed, replayed: known !== undefined };
  }

  private applyWaiting(transactionId: string): void {
    for (const refund of this.refunds.values()) {
      if (refund.state !== 'WAITING' || refund.command.transactionId !== transactionId) continue;
      try {
        this.apply(refund);
      } catch {
        refund.state = 'REJECTED';
      }
    }
  }

  private refund(command: Of<'refund'>): Answer {
    const { transactionId, refundId, extent } = command;
    const key = `REFUND ${transactionId} ${refundId}`;
    return this.once({ key, content: extent, conflict: 'REFUND_CONFLICT' }, () => {
      const numbers = { points: 0, taken: 0, lapsed: 0, owed: 0, forgiven: 0 };
      const refund: Refund = { command, state: 'WAITING', numbers };
      this.apply(refund);
      this.refunds.set(key, refund);
      return () => ({ state: refund.state, ...refund.numbers });
    });
  }

  /** A refund waits for its earn. */
  private apply(refund: Refund): void {
    const { transactionId, extent } = refund.command;
    const earn = this.membership.earns.get(transactionId);
    if (earn === undefined) return;
    refund.numbers = this.membership.refund(earn, extent);
    refund.state = 'APPLIED';
  }

  private cancelRefund({ transactionId, refundId }: Of<'cancelRefund'>): Answer {
    const refund = this.refunds.get(`REFUND ${transactionId} ${refundId}`);
    if (refund === undefined) throw new Refused('REFUND_NOT_FOUND');
    requireState(refund, { among: ['WAITING', 'CANCELLED'], to: 'CANCELLED' });
    refund.state = 'CANCELLED';
    return { state: refund.state };
  }

  private redeem(command: Of<'redeem'>): Answer {
    const { membership } = this;
    const { key, holdSeconds, expectedPoints, byMember } = command;
    if (byMember && (holdSeconds ?? 0) > 900) throw new Refused('VALIDATION_FAILED');
    this.requireMember();
    const held = holdSeconds !== undefined;
    const seconds = holdSeconds || 900;
    const quantity = command.quantity ?? 1;
    const content = [command.rewardId, quantity, command.points, held && seconds];
    return this.once({ key: `REDEEM ${key}`, content }, () => {
      this.requireActive();
      const offer = offerOf(membership, command);
      const { points } = offer;
      if (expectedPoints !== undefined && Number(expectedPoints) !== points) {
        const numbers = { pricePoints: points, expectedPoints: Number(expectedPoints) };
        throw new Refused('PRICE_CHANGED', numbers);
      }
      const [refusal] = this.refusalsOf(offer);
      const redemption: Redemption = {
        ...{ offer, byMember, held, points },
        until: membership.now + seconds * 1000,
        state: refusal === undefined ? 'RESERVED' : 'REJECTED',
        reversed: 0,
      };
      membership.redeem(key, redemption);
      if (refusal !== undefined) return () => refusal;
      if (!held) membership.capture(redemption, points);
      return () => shown(redemption);
    });
  }

  private quote(command: Of<'quote'>): Answer {
    this.requireMember();
    const offer = offerOf(this.membership, command);
    const reasons = this.refusalsOf(offer).map(({ error }) => error);
    if (this.state !== 'ACTIVE') reasons.unshift(`MEMBERSHIP_${this.state}`);
    return { points: offer.points, reasons: reasons.join() };
  }

  /** Every reason against a redemption; the first is the one that is told. */
  private refusalsOf(offer: Offer): Answer[] {
    const { membership } = this;
    const refusals = rewardRefusals(membership, offer, [...membership.redemptions.values()]);
    const { available, deficit } = membership.balance();
    const missing = offer.points + deficit - available;
    return missing > 0 ? [...refusals, { error: 'INSUFFICIENT_POINTS', missing }] : refusals;
  }

  private capture({ key, part }: Of<'capture'>): Answer {
    const redemption = this.redemptionOf(key);
    const { state, points, held } = redemption;
    if (state === 'RESERVED') this.membership.capture(redemption, pointsOfPart(redemption, part));
    else {
      const same = held && pointsOf(redemption, part) === points;
      requireState(redemption, { among: same ? ['CAPTURED', 'REVERSED'] : [], to: 'CAPTURED' });
    }
    return { ...shown(redemption), replayed: state !== 'RESERVED' };
  }

  private cancel({ key, byMember }: Of<'cancel'>): Answer {
    const redemption = this.redemptionOf(key);
    const { state } = redemption;
    if (byMember && !redemption.byMember) throw new Refused('PERMISSION_DENIED');
    requireState(redemption, { among: ['RESERVED', 'CANCELLED'], to: 'CANCELLED' });
    if (state === 'RESERVED') this.membership.release(redemption, 'CANCELLED');
    return { ...shown(redemption), replayed: state === 'CANCELLED' };
  }

  private reverse({ key, requestKey, part }: Of<'reverse'>): Answer {
    return this.once({ key: `REVERSE ${requestKey}`, content: [key, part] }, () => {
      const redemption = this.redemptionOf(key);
      requireState(redemption, { among: ['CAPTURED'], to: 'REVERSED' });
      const hasLeft = this.state === 'LEFT';
      this.membership.reverse(redemption, pointsOfPart(redemption, part), { hasLeft });
      return () => shown(redemption);
    });
  }

  private adjust({ requestKey, points: signed, allowDeficit, dates }: Of<'adjust'>): Answer {
    const points = Number(signed);
    const { availableTime, expireTime } = dates;
    const dated = availableTime ?? expireTime;
    const noTime = (expireTime ?? Infinity) <= (availableTime ?? -Infinity);
    if (noTime || (points < 0 && dated !== undefined)) throw new Refused('VALIDATION_FAILED');
    this.requireMember();
    const content = { points, allowDeficit, availableTime, expireTime };
    const key = `ADJUST ${requestKey}`;
    return this.once({ key, content, differing: differingAdjustment }, () => {
      const hasLeft = this.state === 'LEFT';
      const changes =
        points < 0
          ? this.membership.take(-points, { allowDeficit })
          : this.membership.give(points, dates, { hasLeft });
      return () => changes;
    });
  }

  private join({ attributes }: Of<'join'>): Answer {
    const replayed = this.state !== 'NONE' && this.state !== 'LEFT';
    const present = this.membership.attributes;
    const other = Object.entries(attributes).filter(([key, value]) => present[key] !== value);
    if (replayed && other.length > 0) {
      const fields = other.map(([key]) => `attributes["${key}"]`);
      throw new Refused('ALREADY_EXISTS', { fields: fields.join() });
    }
    if (!replayed) this.state = this.suspended ? 'SUSPENDED' : 'ACTIVE';
    this.setAttributes({ ...present, ...attributes });
    return { ...this.shownMembership(), replayed };
  }

  private suspend(suspended: boolean): Answer {
    this.requireMember();
    const to = suspended ? 'SUSPENDED' : 'ACTIVE';
    requireState({ state: this.state }, { among: ['ACTIVE', 'SUSPENDED'], to });
    this.suspended = suspended;
    this.state = to;
    return this.shownMembership();
  }

  private leave({ byMember }: Of<'leave'>): Answer {
    this.requireMember();
    if (this.state === 'LEFT') return { ...this.shownMembership(), released: '', forfeited: 0 };
    if (byMember && this.suspended) throw new Refused('MEMBERSHIP_SUSPENDED');
    const held = byMember && this.membership.holds().length > 0;
    requireState({ state: this.state }, { among: held ? [] : ['ACTIVE', 'SUSPENDED'], to: 'LEFT' });
    const released = this.membership.endHolds().join();
    const forfeited = this.membership.forfeit();
    this.state = 'LEFT';
    return { ...this.shownMembership(), released, forfeited };
  }

  private update({ set, removed, asRead }: Of<'update'>): Answer {
    this.requireMember();
    if (asRead !== undefined && asRead !== this.changes) throw new Refused('ETAG_MISMATCH');
    const attributes: Record<string, string> = { ...this.membership.attributes, ...set };
    for (const key of removed) delete attributes[key];
    this.setAttributes(attributes);
    return this.shownMembership();
  }

  private setAttributes(attributes: Readonly<Record<string, string>>): void {
    const differ = attributesText(attributes) !== attributesText(this.membership.attributes);
    if (differ) this.changes += 1;
    this.membership.attributes = attributes;
  }

  private shownMembership(): Answer {
    const attributes = attributesText(this.membership.attributes);
    return { state: this.state, attributes, changes: this.changes };
  }

  private requireMember(): void {
    if (this.state === 'NONE') throw new Refused('MEMBERSHIP_NOT_FOUND');
  }

  private requireActive(): void {
    this.requireMember();
    if (this.state !== 'ACTIVE') throw new Refused(`MEMBERSHIP_${this.state}`);
  }

  private redemptionOf(key: string): Redemption {
    this.requireMember();
    const redemption = this.membership.redemptions.get(key);
    if (redemption === undefined) throw new Refused('REDEMPTION_NOT_FOUND');
    return redemption;
  }

  /** The first answer to a key or, when it comes again with the same content, the present one. */
  private once(
    request: {
      key: string;
      content: unknown;
      conflict?: string;
      /** The fields of two contents that differ, where the refusal names them; they come as text. */
      differing?: (first: string, again: string) => string[];
    },
    first: () => () => Answer,
  ): Answer {
    const { key, conflict = 'IDEMPOTENCY_KEY_REUSED', differing } = request;
    const content = textOf(request.content);
    const known = this.requests.get(key);
    if (known !== undefined && known.content !== content) {
      const fields = differing?.(known.content, content).join();
      throw new Refused(conflict, fields === undefined ? {} : { fields });
    }
    const answer = known?.answer ?? first();
    this.requests.set(key, { content, answer });
    const told = answer();
    return 'error' in told ? told : { ...told, replayed: known !== undefined };
  }
}

function requireState(
  { state }: { state: string },
  { among, to }: { among: readonly string[]; to: string },
): void {
  if (!among.includes(state)) throw new Refused('ILLEGAL_TRANSITION', { from: state, to });
}
