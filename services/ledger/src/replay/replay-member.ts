import { endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import type { MemberFacts } from '@loyalty/rules/language.ts';
import { inactivityFrom } from '../app/evaluation.ts';
import type { ProgramDefinition } from '../app/program-catalog.ts';
import { movedInactivity } from '../domain/inactivity.ts';
import { type Entry, pointsOf } from '../domain/journal.ts';
import { Comparison } from './comparison.ts';
import {
  type Difference,
  earnSubject,
  type HistoryPart,
  type ReplayedMember,
  refundSubject,
  type StoredCapUsage,
} from './history.ts';
import { CapsReplay } from './replay-caps.ts';
import { replayEarn } from './replay-earn.ts';
import { replayRefund } from './replay-refund.ts';
import { compareStanding, type Replay, type StandingEarn } from './standing-earn.ts';

/**
 * Derives the earns and refunds of one member again, in the order of the journal's entries: from the purchases as they were
 * sent, the versions of the rules, and what the journal itself says of the member up to then.
 */
export class MemberReplay {
  readonly #replay: Replay;
  #attributes: Readonly<Record<string, string>> = {};
  #joinTime: Instant = 0;
  #lifetimeEarned = 0n;
  #inactivityExpiresAt: Instant = endOfTime;
  /** Only earns that have refunds: one whose refunds are all applied is still compared at the end. */
  readonly #refunded = new Map<string, StandingEarn>();

  /** @param semantics the number of the engine that derives */
  constructor(member: ReplayedMember, program: ProgramDefinition, semantics: number) {
    const [caps, comparison] = [new CapsReplay(), new Comparison(member)];
    this.#replay = { member, program, semantics, caps, comparison };
  }

  /** Goes on with the next entries. */
  take(part: HistoryPart): void {
    const { comparison } = this.#replay;
    for (const entry of part.entries) {
      const { transactionId = '', refundId = '' } = entry;
      if (entry.kind === 'EARN') {
        const subject = earnSubject(transactionId);
        comparison.attempt(subject, () => this.#earn(entry, { part, transactionId, subject }));
        this.#lifetimeEarned += part.earns.get(transactionId)?.points ?? pointsOf(entry);
      }
      if (entry.kind === 'REFUND') {
        const subject = refundSubject(transactionId, refundId);
        comparison.attempt(subject, () =>
          this.#refund(entry, { part, transactionId, refundId, subject }),
        );
      }
      if (entry.kind === 'CAPTURE') this.#compareInactivity(entry, `entry ${entry.sequence}`);
      this.#follow(entry);
    }
  }

  /** What differs, once all entries were taken. `stored` is the usage of caps that the ledger keeps. */
  finish(stored: readonly StoredCapUsage[]): readonly Difference[] {
    const { caps, comparison } = this.#replay;
    for (const standing of this.#refunded.values()) compareStanding(comparison, standing);
    caps.compareWith(stored, comparison);
    return comparison.differences;
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
    const facts = this.#facts();
    const whole = replayEarn(this.#replay, { entry, part, transactionId, subject, facts });
    if (whole === undefined) return;
    const { caps, comparison } = this.#replay;
    this.#compareInactivity(entry, subject);
    const refunds = part.refunds.get(transactionId) ?? [];
    if (refunds.some(({ state }) => state !== 'CANCELLED')) {
      caps.count(whole.caps, whole.capCounts, 1n);
      this.#refunded.set(transactionId, whole);
    } else {
      // What another engine counted is what later earns found.
      const counted = whole.decidedBy === undefined ? whole.capCounts : whole.earn.capCounts;
      caps.count(whole.caps, counted, 1n);
      compareStanding(comparison, whole);
    }
  }

  #facts(): MemberFacts {
    return {
      userId: this.#replay.member.userId,
      attributes: this.#attributes,
      joinTime: this.#joinTime,
      lifetimeEarned: this.#lifetimeEarned,
    };
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
      const derived = 'an applied refund of an earn';
      this.#replay.comparison.compare(subject, { refund: [stored, derived] });
      return;
    }
    const { reason } = entry;
    const after = replayRefund(this.#replay, standing, { refund, subject, reason });
    this.#refunded.set(transactionId, after);
    this.#lifetimeEarned -= refund.points;
  }

  #compareInactivity({ createTime, inactivityExpiresAt }: Entry, subject: string): void {
    const { program, comparison } = this.#replay;
    const { ruleSets, withdrawnRuleSets } = program;
    // A version that was withdrawn too late counted for a while.
    const ever = [...ruleSets, ...withdrawnRuleSets].toSorted(
      (a, b) => Number(a.effectiveTime) - Number(b.effectiveTime),
    );
    const [moved, movedThen] = [ruleSets, ever].map((versions) =>
      movedInactivity(this.#inactivityExpiresAt, inactivityFrom(versions, createTime)),
    );
    if (withdrawnRuleSets.length > 0 && inactivityExpiresAt === movedThen) return;
    comparison.compare(subject, { 'date of inactivity': [inactivityExpiresAt, moved] });
  }
}
