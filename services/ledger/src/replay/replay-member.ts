import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { type Award, evaluate } from '@loyalty/rules/evaluate.ts';
import { fingerprintPurchase, sameFingerprint } from '@loyalty/rules/fingerprint.ts';
import type { MemberFacts } from '@loyalty/rules/language.ts';
import { occurTimeOf } from '@loyalty/rules/occur-time.ts';
import { afterRefund, type Remaining, wholePurchase } from '@loyalty/rules/remaining-purchase.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import {
  capCountsLeft,
  capCountsOf,
  capsOf,
  creditLot,
  inactivityFrom,
  keptFacts,
} from '../app/evaluation.ts';
import type { CapPeriod, PostedEarn, TransactionRefund } from '../app/ledger-store.ts';
import type { ProgramDefinition } from '../app/program-catalog.ts';
import { refundFingerprint } from '../app/refund-extent.ts';
import { findRuleSet } from '../app/rule-set-of.ts';
import type { CapCounts } from '../domain/earn.ts';
import { movedInactivity } from '../domain/inactivity.ts';
import { endOfTime, type Instant } from '../domain/instant.ts';
import { type Entry, pointsOf } from '../domain/journal.ts';
import { smaller } from '../domain/points.ts';
import {
  type Difference,
  earnSubject,
  type HistoryPart,
  type ReplayedMember,
  refundSubject,
  type StoredCapUsage,
} from './history.ts';

/** The number of the first engine. */
const FIRST_SEMANTICS = 1;

/** An earn after some of its refunds. */
interface Standing {
  readonly earn: PostedEarn;
  readonly ruleSet: CompiledRuleSet;
  readonly caps: readonly CapPeriod[];
  /** The engine's number, where it is an earlier one. */
  readonly decidedBy: number | undefined;
  /** What the rules knew of the member. */
  readonly facts: MemberFacts;
  readonly capUsed: ReadonlyMap<string, bigint>;
  readonly remaining: Remaining;
  readonly points: bigint;
  readonly capCounts: CapCounts | undefined;
  /** How many refunds are applied. */
  readonly arrival: number;
}

/**
 * Derives the earns and refunds of one member again, in the order of the journal's entries: from the purchases as they were
 * sent, the versions of the rules, and what the journal itself says of the member up to then.
 */
export class MemberReplay {
  readonly #member: ReplayedMember;
  readonly #program: ProgramDefinition;
  readonly #semantics: number;
  readonly #differences: Difference[] = [];
  /** The other engine that decided something otherwise, so that what follows from it can differ. */
  #reviewedBy: number | undefined;
  #attributes: Readonly<Record<string, string>> = {};
  #joinTime: Instant = 0;
  #lifetimeEarned = 0n;
  #inactivityExpiresAt: Instant = endOfTime;
  readonly #capUsed = new Map<string, { readonly cap: CapPeriod; readonly points: bigint }>();
  /** Only earns that have refunds: one whose refunds are all applied is still compared at the end. */
  readonly #refunded = new Map<string, Standing>();

  /** @param semantics the number of the engine that derives */
  constructor(member: ReplayedMember, program: ProgramDefinition, semantics: number) {
    this.#member = member;
    this.#program = program;
    this.#semantics = semantics;
  }

  /** Goes on with the next entries. */
  take(part: HistoryPart): void {
    for (const entry of part.entries) {
      const { transactionId = '', refundId = '' } = entry;
      if (entry.kind === 'EARN') {
        const subject = earnSubject(transactionId);
        this.#attempt(subject, () => this.#earn(entry, { part, transactionId, subject }));
        this.#lifetimeEarned += part.earns.get(transactionId)?.points ?? pointsOf(entry);
      }
      if (entry.kind === 'REFUND') {
        const subject = refundSubject(transactionId, refundId);
        this.#attempt(subject, () =>
          this.#refund(entry, { part, transactionId, refundId, subject }),
        );
      }
      if (entry.kind === 'CAPTURE') this.#compareInactivity(entry, `entry ${entry.sequence}`);
      this.#follow(entry);
    }
  }

  /** What differs, once all entries were taken. `stored` is the usage of caps that the ledger keeps. */
  finish(stored: readonly StoredCapUsage[]): readonly Difference[] {
    for (const standing of this.#refunded.values()) this.#compareStanding(standing);
    const keys = new Map(stored.map((usage) => [capKey(usage), usage]));
    for (const [key, { cap, points }] of this.#capUsed) {
      const counted = [keys.get(key)?.points ?? 0n, points] as const;
      this.#compare(capSubject(cap), { points: counted }, this.#reviewedBy);
      keys.delete(key);
    }
    for (const usage of keys.values()) {
      this.#compare(capSubject(usage), { points: [usage.points, 0n] }, this.#reviewedBy);
    }
    return this.#differences;
  }

  /** What is stored can be anything: what can't be evaluated is named, and the rest of the journal is still derived. */
  #attempt(subject: string, derive: () => void): void {
    try {
      derive();
    } catch (error) {
      const stored = `impossible to evaluate (${String(error)})`;
      this.#compare(subject, { content: [stored, 'what can be evaluated'] });
    }
  }

  /** What the entry says of the member from now on. */
  #follow({ attributesChange, joinTime, inactivityExpiresAt }: Entry): void {
    if (attributesChange !== undefined) this.#attributes = attributesChange.after;
    if (joinTime !== undefined) this.#joinTime = joinTime;
    if (inactivityExpiresAt !== undefined) this.#inactivityExpiresAt = inactivityExpiresAt;
  }

  #earn(
    entry: Entry,
    { part, transactionId, subject }: { part: HistoryPart; transactionId: string; subject: string },
  ): void {
    const earn = part.earns.get(transactionId);
    const occurTime = earn && occurTimeOf(earn.transaction);
    if (earn === undefined || occurTime === undefined) {
      const stored = part.unreadable.get(subject) ?? 'missing';
      this.#compare(subject, { purchase: [stored, 'a purchase with its time'] });
      return;
    }
    const ruleSet = this.#ruleSetOf(earn, { subject, occurTime, now: new Date(entry.createTime) });
    if (ruleSet === undefined) return;
    const facts: MemberFacts = {
      userId: this.#member.userId,
      attributes: this.#attributes,
      joinTime: new Date(this.#joinTime),
      lifetimeEarned: this.#lifetimeEarned,
    };
    const caps = capsOf(ruleSet, occurTime);
    const capUsed = this.#usedOf(caps);
    const kept = keptFacts(ruleSet, {
      facts,
      caps,
      capUsed: ({ ruleId }) => capUsed.get(ruleId) ?? 0n,
    });
    const remaining = wholePurchase(earn.transaction);
    const decidedBy = this.#earlierEngine(earn, subject);
    const standing: Standing = {
      earn,
      ruleSet,
      caps,
      decidedBy,
      facts,
      capUsed,
      remaining,
      points: 0n,
      capCounts: undefined,
      arrival: 0,
    };
    const award = awardOf(standing);
    const capCounts = capCountsOf(award);
    this.#compareEarn(subject, standing, {
      entry,
      award,
      lot: creditLot(ruleSet, occurTime),
      kept,
    });
    this.#compareInactivity(entry, subject);
    const whole = { ...standing, points: award.points, capCounts };
    const refunds = part.refunds.get(transactionId) ?? [];
    if (refunds.some(({ state }) => state !== 'CANCELLED')) {
      this.#count(caps, capCounts, 1n);
      this.#refunded.set(transactionId, whole);
    } else {
      // What another engine counted is what later earns found.
      this.#count(caps, decidedBy === undefined ? capCounts : earn.capCounts, 1n);
      this.#compareStanding(whole);
    }
  }

  /** The number of the engine that decided an earn, where it is an earlier one. */
  #earlierEngine({ semantics }: PostedEarn, subject: string): number | undefined {
    if (semantics >= FIRST_SEMANTICS && semantics < this.#semantics) return semantics;
    if (semantics !== this.#semantics) {
      const engines = `an engine from ${FIRST_SEMANTICS} to ${this.#semantics}`;
      this.#compare(subject, { semantics: [semantics, engines] });
    }
    return undefined;
  }

  /** The version that decided an earn, which must be the one in force, unless it was withdrawn too late. */
  #ruleSetOf(
    earn: PostedEarn,
    { subject, occurTime, now }: { subject: string; occurTime: Date; now: Date },
  ): CompiledRuleSet | undefined {
    const { ruleSets, withdrawnRuleSets } = this.#program;
    const ruleSet = findRuleSet(this.#program, earn);
    if (ruleSet === undefined) {
      const derived = 'a version that the database keeps';
      this.#compare(subject, { version: [earn.ruleSetVersion, derived] });
    } else if (!withdrawnRuleSets.includes(ruleSet)) {
      const inForce = ruleSetInForce(ruleSets, occurTime, now);
      this.#compare(subject, { version: [earn.ruleSetVersion, inForce?.version] });
    }
    return ruleSet;
  }

  #compareEarn(
    subject: string,
    { earn, decidedBy }: Standing,
    {
      entry,
      award,
      lot,
      kept,
    }: {
      entry: Entry;
      award: Award;
      lot: PostedEarn['lot'];
      kept: PostedEarn['facts'];
    },
  ): void {
    this.#compare(subject, {
      membership: [earn.membershipId, this.#member.membershipId],
      entry: [earn.sequence, entry.sequence],
      time: [earn.postTime, entry.createTime],
      purchase: sameFingerprint(
        earn.fingerprint,
        fingerprintPurchase(this.#member.userId, earn.transaction),
      )
        ? ['', '']
        : [earn.transaction.transactionId, 'the purchase that has the fingerprint'],
    });
    this.#compare(
      subject,
      {
        points: [earn.points, award.points],
        explanation: [
          earn.explanation.map(({ kind, ruleId, points, note }) => [kind, ruleId, points, note]),
          award.explanation.map(({ kind, ruleId, points, note }) => [kind, ruleId, points, note]),
        ],
        lot: [earn.lot, lot],
      },
      decidedBy,
    );
    this.#compare(subject, { facts: [earn.facts, kept] }, this.#reviewedBy);
  }

  #refund(
    entry: Entry,
    {
      part,
      transactionId,
      refundId,
      subject,
    }: { part: HistoryPart; transactionId: string; refundId: string; subject: string },
  ): void {
    const refund = part.refunds.get(transactionId)?.find((each) => each.refundId === refundId);
    const standing = this.#refunded.get(transactionId);
    if (refund === undefined || standing === undefined) {
      const stored = part.unreadable.get(subject) ?? refund?.state;
      this.#compare(subject, { refund: [stored, 'an applied refund of an earn'] });
      return;
    }
    const known = sameFingerprint(refund.fingerprint, refundFingerprint(refund.extent));
    if (!known) this.#compare(subject, { extent: [refund.extent, 'what has the fingerprint'] });
    if (refund.arrival <= standing.arrival) {
      this.#compare(subject, { arrival: [refund.arrival, `after ${standing.arrival}`] });
    }
    const after = this.#afterRefund(standing, { refund, subject, reason: entry.reason });
    this.#refunded.set(transactionId, after);
    this.#lifetimeEarned -= refund.points;
  }

  #afterRefund(
    standing: Standing,
    {
      refund,
      subject,
      reason,
    }: { refund: TransactionRefund; subject: string; reason?: string | undefined },
  ): Standing {
    const { earn, caps, decidedBy } = standing;
    const { arrival } = refund;
    const remaining = afterRefund(earn.transaction, standing.remaining, refund.extent);
    if (refund.state === 'REJECTED' || 'fault' in remaining) {
      const derived = 'fault' in remaining ? 'REJECTED' : 'APPLIED';
      // One that is within its purchase can still be refused, for a debt that would be too large.
      const isRefusedOtherwise = reason === 'LIMIT_EXCEEDED';
      if (!isRefusedOtherwise)
        this.#compare(subject, { state: [refund.state, derived] }, decidedBy);
      return { ...standing, arrival };
    }
    this.#compare(subject, { state: [refund.state, 'APPLIED'] });
    const award = awardOf(standing, remaining);
    const points = smaller(standing.points, award.points);
    this.#compare(subject, { points: [refund.points, standing.points - points] }, decidedBy);
    const capCounts = capCountsLeft(standing.capCounts, award);
    this.#count(caps, standing.capCounts, -1n);
    this.#count(caps, capCounts, 1n);
    return { ...standing, remaining, points, capCounts, arrival };
  }

  /** What the earn says of its refunds, once all of them were taken. */
  #compareStanding({ earn, remaining, points, capCounts, decidedBy }: Standing): void {
    this.#compare(
      earnSubject(earn.transactionId),
      {
        'points left': [earn.points - earn.reversedPoints, points],
        state: [earn.state, remaining.fullyReturned ? 'REVERSED' : 'POSTED'],
        'cap counts': [earn.capCounts, capCounts],
      },
      decidedBy,
    );
  }

  #compareInactivity({ createTime, inactivityExpiresAt }: Entry, subject: string): void {
    const { ruleSets, withdrawnRuleSets } = this.#program;
    // A version that was withdrawn too late counted for a while.
    const ever = [...ruleSets, ...withdrawnRuleSets].toSorted(
      (a, b) => Number(a.effectiveTime) - Number(b.effectiveTime),
    );
    const [moved, movedThen] = [ruleSets, ever].map((versions) =>
      movedInactivity(this.#inactivityExpiresAt, inactivityFrom(versions, createTime)),
    );
    if (withdrawnRuleSets.length > 0 && inactivityExpiresAt === movedThen) return;
    this.#compare(subject, { 'date of inactivity': [inactivityExpiresAt, moved] });
  }

  /** What the caps of a rule set have counted so far, by rule id. */
  #usedOf(caps: readonly CapPeriod[]): ReadonlyMap<string, bigint> {
    return new Map(caps.map((cap) => [cap.ruleId, this.#capUsed.get(capKey(cap))?.points ?? 0n]));
  }

  #count(caps: readonly CapPeriod[], counts: CapCounts | undefined, sign: bigint): void {
    if (counts === undefined) return;
    for (const cap of caps) {
      const before = this.#capUsed.get(capKey(cap))?.points ?? 0n;
      const points = before + sign * (counts.get(cap.ruleId) ?? 0n);
      this.#capUsed.set(capKey(cap), { cap, points });
    }
  }

  #compare(
    subject: string,
    fields: Readonly<Record<string, readonly [stored: unknown, derived: unknown]>>,
    decidedBy?: number,
  ): void {
    for (const [field, [one, other]] of Object.entries(fields)) {
      const [stored, derived] = [text(one), text(other)];
      if (stored === derived) continue;
      this.#reviewedBy ??= decidedBy;
      this.#differences.push({ ...this.#member, subject, field, stored, derived, decidedBy });
    }
  }
}

/** What a purchase, or what refunds left of it, is worth by the rules and the facts that decided its earn. */
function awardOf({ earn, ruleSet, facts, capUsed }: Standing, remaining?: Remaining): Award {
  return evaluate(ruleSet, {
    purchase: earn.transaction,
    member: facts,
    now: new Date(earn.postTime),
    capUsed: (ruleId) => capUsed.get(ruleId) ?? 0n,
    ...(remaining !== undefined && { remaining }),
  });
}

function capKey({ ruleId, period, start }: CapPeriod): string {
  return `${ruleId}\0${period}\0${start}`;
}

function capSubject({ ruleId, period, start }: CapPeriod): string {
  const since = Number.isFinite(start) ? ` since ${new Date(start).toISOString()}` : '';
  return `cap of ${ruleId === '' ? 'the rule set' : ruleId} per ${period}${since}`;
}

/** A value for comparison and display. The order of an object's keys doesn't matter. */
function text(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'bigint') return String(value);
  return (
    JSON.stringify(value, (_key, part: unknown) => {
      if (typeof part === 'bigint' || part === Infinity || part === -Infinity) return String(part);
      if (part instanceof Map)
        return Object.fromEntries([...part].toSorted(([a], [b]) => (a < b ? -1 : 1)));
      if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'none'
  );
}
