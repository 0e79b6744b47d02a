import { type CompiledRuleSet, capPeriods } from '@loyalty/rules/compile-rule-set.ts';
import type { Award } from '@loyalty/rules/evaluate.ts';
import { fingerprintPurchase, sameFingerprint } from '@loyalty/rules/fingerprint.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { MemberFacts } from '@loyalty/rules/language.ts';
import { occurTimeOf } from '@loyalty/rules/occur-time.ts';
import { wholePurchase } from '@loyalty/rules/remaining-purchase.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import { capCountsOf, creditLot, keptFacts } from '../app/evaluation.ts';
import type { PostedEarn } from '../app/ledger-store.ts';
import { findRuleSet } from '../app/rule-set-of.ts';
import type { Entry } from '../domain/journal.ts';
import type { HistoryPart } from './history.ts';
import { awardOf, type Replay, type StandingEarn } from './standing-earn.ts';

/** The number of the first engine. */
const FIRST_SEMANTICS = 1;

/**
 * Derives an earn again and compares it. Returns how it stands before its refunds; undefined where it can't be evaluated.
 *
 * @param asked.facts what the journal says of the member up to the earn
 */
export function replayEarn(
  replay: Replay,
  asked: {
    readonly entry: Entry;
    readonly part: HistoryPart;
    readonly transactionId: string;
    readonly subject: string;
    readonly facts: MemberFacts;
  },
): StandingEarn | undefined {
  const { entry, part, subject, facts } = asked;
  const earn = part.earns.get(asked.transactionId);
  const occurTime = earn && occurTimeOf(earn.purchase);
  if (earn === undefined || occurTime === undefined) {
    const stored = part.unreadable.get(subject) ?? 'missing';
    replay.comparison.compare(subject, { purchase: [stored, 'a purchase with its time'] });
    return undefined;
  }
  const ruleSet = ruleSetOf(replay, { earn, subject, occurTime, now: entry.createTime });
  if (ruleSet === undefined) return undefined;
  const caps = capPeriods(ruleSet, occurTime);
  const capUsed = replay.caps.usedOf(caps);
  const kept = keptFacts(ruleSet, {
    facts,
    caps,
    capUsed: ({ ruleId }) => capUsed.get(ruleId) ?? 0n,
  });
  const decidedBy = earlierEngine(replay, earn, subject);
  const award = awardOf({ earn, ruleSet, facts, capUsed });
  const lot = creditLot(ruleSet, occurTime);
  compareEarn(replay, { earn, entry, subject, award, lot, kept, decidedBy });
  return {
    earn,
    ruleSet,
    caps,
    decidedBy,
    facts,
    capUsed,
    remaining: wholePurchase(earn.purchase),
    points: award.points,
    capCounts: capCountsOf(award),
    arrival: 0,
  };
}

/** The version that decided an earn, which must be the one in force, unless it was withdrawn too late. */
function ruleSetOf(
  { program, comparison }: Replay,
  {
    earn,
    subject,
    occurTime,
    now,
  }: { earn: PostedEarn; subject: string; occurTime: Instant; now: Instant },
): CompiledRuleSet | undefined {
  const { ruleSets, withdrawnRuleSets } = program;
  const ruleSet = findRuleSet(program, earn);
  if (ruleSet === undefined) {
    const derived = 'a version that the database keeps';
    comparison.compare(subject, { version: [earn.ruleSetVersion, derived] });
  } else if (!withdrawnRuleSets.includes(ruleSet)) {
    const inForce = ruleSetInForce(ruleSets, occurTime, now);
    comparison.compare(subject, { version: [earn.ruleSetVersion, inForce?.version] });
  }
  return ruleSet;
}

/** The number of the engine that decided an earn, where it is an earlier one. */
function earlierEngine(
  replay: Replay,
  { semantics }: PostedEarn,
  subject: string,
): number | undefined {
  if (semantics >= FIRST_SEMANTICS && semantics < replay.semantics) return semantics;
  if (semantics !== replay.semantics) {
    const engines = `an engine from ${FIRST_SEMANTICS} to ${replay.semantics}`;
    replay.comparison.compare(subject, { semantics: [semantics, engines] });
  }
  return undefined;
}

function compareEarn(
  { member, comparison }: Replay,
  derived: {
    earn: PostedEarn;
    entry: Entry;
    subject: string;
    award: Award;
    lot: PostedEarn['lot'];
    kept: PostedEarn['facts'];
    decidedBy: number | undefined;
  },
): void {
  const { earn, entry, subject, award, lot, kept, decidedBy } = derived;
  comparison.compare(subject, {
    membership: [earn.membershipId, member.membershipId],
    entry: [earn.sequence, entry.sequence],
    time: [earn.postTime, entry.createTime],
    purchase: sameFingerprint(earn.fingerprint, fingerprintPurchase(member.userId, earn.purchase))
      ? ['', '']
      : [earn.purchase.transactionId, 'the purchase that has the fingerprint'],
  });
  comparison.compare(
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
  comparison.compare(subject, { facts: [earn.facts, kept] }, comparison.reviewedBy);
}
