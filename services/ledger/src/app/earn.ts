import type { Author } from '@loyalty/rules/author.ts';
import {
  type CapPeriod,
  type CompiledRuleSet,
  capPeriods,
} from '@loyalty/rules/compile-rule-set.ts';
import { evaluate, SEMANTICS } from '@loyalty/rules/evaluate.ts';
import { differingFields, fingerprintPurchase } from '@loyalty/rules/fingerprint.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { POINTS_MAX } from '@loyalty/rules/language.ts';
import { LimitExceeded } from '@loyalty/rules/limit-exceeded.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import { type Balance, balanceAt } from '../domain/balance.ts';
import { postEarn } from '../domain/earn.ts';
import {
  MembershipLeft,
  MembershipNotFound,
  MembershipSuspended,
  ProgramNotActive,
  TransactionConflict,
} from '../domain/errors.ts';
import { join } from '../domain/join.ts';
import { type Account, withMembership } from '../domain/journal.ts';
import type { LotKey } from '../domain/lot.ts';
import { countAttempt } from '../domain/velocity.ts';
import type { App } from './app.ts';
import { applyWaitingRefunds } from './apply-waiting-refunds.ts';
import { checkPurchase } from './check-purchase.ts';
import { capCountsOf, creditLot, factsOf, inactivityFrom, keptFacts } from './evaluation.ts';
import { type ExplainedEarn, explained } from './explained-earn.ts';
import type { Command, LockedState, MemberName, PostedEarn } from './ledger-store.ts';
import { lockedAccount } from './locked-account.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import { repeatOf } from './repeat.ts';
import type { EarnInput } from './reports.ts';

export interface EarnResult {
  readonly userId: string;
  readonly earn: ExplainedEarn;
  readonly balance: Balance;
  readonly replayed: boolean;
}

/**
 * Credits a purchase once, no matter how often and how concurrently it is reported. Resolves when the credit is
 * durable.
 *
 * @throws {ValidationFailed} {@link ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive}
 * {@link MembershipNotFound} {@link MembershipSuspended} {@link MembershipLeft} {@link TransactionConflict}
 * {@link LimitExceeded} {@link VelocityLimitReached}, and what {@link App.queue} throws
 */
export async function earn(app: App, input: EarnInput, author: Author): Promise<EarnResult> {
  const program = await app.catalog.get(input.programId);
  return await app.queue.submit(earnCommand({ input, author, program, now: app.clock() }));
}

/**
 * The credit of a purchase, as it is worked out for `now`.
 *
 * @throws {ValidationFailed}
 */
export function earnCommand(reported: {
  input: EarnInput;
  author: Author;
  program: ProgramDefinition;
  now: Instant;
}): Command<EarnResult> & { needs: { member: MemberName } } {
  const { input, program } = reported;
  const occurTime = checkPurchase(input.purchase, reported.now);
  const terms = possibleTerms(program, { occurTime, now: reported.now });
  const fingerprint = fingerprintPurchase(input.userId, input.purchase);
  return {
    needs: {
      notBefore: reported.now,
      member: input,
      mayJoin: mayJoin(reported),
      purchase: {
        programId: input.programId,
        transactionId: input.purchase.transactionId,
      },
      lots: terms.map(({ lot }) => lot),
      caps: terms.flatMap(({ caps }) => caps),
    },
    decide: (locked) =>
      replayOf({ input, fingerprint, program, locked }) ??
      credit({ ...reported, occurTime, terms, fingerprint, locked }),
  };
}

function mayJoin({ input, program }: { input: EarnInput; program: ProgramDefinition }): boolean {
  return program.autoEnrollment || input.joinMissing === true;
}

/** A purchase compiled for a version of the rules, for any member. */
interface Terms {
  readonly ruleSet: CompiledRuleSet;
  readonly lot: LotKey;
  readonly caps: readonly CapPeriod[];
}

/**
 * The terms of the version that is in force and, for a purchase that lies ahead, of those that will be by then: when
 * it is credited, one of them may have come into force. None for a program without a rule set.
 */
function possibleTerms(
  { ruleSets }: ProgramDefinition,
  { occurTime, now }: { occurTime: Instant; now: Instant },
): Terms[] {
  const inForce = ruleSetInForce(ruleSets, occurTime, now);
  const coming = ruleSets.filter(
    ({ effectiveTime }) =>
      effectiveTime !== undefined && effectiveTime > now && effectiveTime <= occurTime,
  );
  return [...(inForce === undefined ? [] : [inForce]), ...coming].map((ruleSet) => ({
    ruleSet,
    lot: creditLot(ruleSet, occurTime),
    caps: capPeriods(ruleSet, occurTime),
  }));
}

/** The result of a purchase that was credited before, or undefined. */
function replayOf({
  input,
  fingerprint,
  program,
  locked,
}: {
  input: EarnInput;
  fingerprint: Uint8Array;
  program: ProgramDefinition;
  locked: LockedState;
}): EarnResult | undefined {
  const name = { programId: input.programId, transactionId: input.purchase.transactionId };
  const earn = repeatOf(locked.earn(name), fingerprint, ({ membershipId, purchase }) => {
    const account = locked.bringUpToDate(input);
    // The response must not reveal who earned it, only that it was someone else.
    const userId = account?.membership.membershipId === membershipId ? input.userId : '';
    return new TransactionConflict(differingFields({ userId, purchase }, input));
  });
  if (earn === undefined) return undefined;
  const account = lockedAccount(locked, input);
  return {
    userId: input.userId,
    earn: explained(earn, program),
    balance: balanceAt(account, locked.nowOf(account)),
    replayed: true,
  };
}

function credit(reported: {
  input: EarnInput;
  author: Author;
  program: ProgramDefinition;
  terms: readonly Terms[];
  occurTime: Instant;
  fingerprint: Uint8Array;
  locked: LockedState;
}): EarnResult {
  const { input, author, program, occurTime, locked } = reported;
  const existing = locked.bringUpToDate(input);
  const now = locked.nowOf(existing);
  const inForce = ruleSetInForce(program.ruleSets, occurTime, now);
  const terms = reported.terms.find(({ ruleSet }) => ruleSet === inForce);
  if (program.state !== 'ACTIVE' || terms === undefined) {
    throw new ProgramNotActive(program.programId, program.state);
  }
  const { ruleSet, lot, caps } = terms;
  const before = earningAccount(existing, { ...reported, now });
  const facts = factsOf(before);
  const award = evaluate(ruleSet, {
    purchase: input.purchase,
    member: facts,
    now,
    capUsed: (ruleId, period, start) => locked.capUsed(input, { ruleId, period, start }),
  });
  if (award.exceedsLimit) {
    throw new LimitExceeded(`A transaction can't earn more than ${POINTS_MAX} points`);
  }
  const account = postEarn(before, {
    points: award.points,
    lot,
    inactivityExpiresAt: inactivityFrom(program.ruleSets, now),
    transactionId: input.purchase.transactionId,
    author,
    now,
  });
  const earn: PostedEarn = {
    programId: input.programId,
    transactionId: input.purchase.transactionId,
    membershipId: account.membership.membershipId,
    state: 'POSTED',
    sequence: before.membership.lastSequence + 1n,
    fingerprint: reported.fingerprint,
    ruleSetVersion: ruleSet.version,
    semantics: SEMANTICS,
    facts: keptFacts(ruleSet, { facts, caps, capUsed: (cap) => locked.capUsed(input, cap) }),
    points: award.points,
    reversedPoints: 0n,
    capCounts: capCountsOf(award),
    explanation: award.explanation,
    lot,
    postTime: now,
    purchase: input.purchase,
  };
  locked.putAccount(account);
  locked.putEarn(earn);
  const { version: ruleSetVersion, displayNames: names } = ruleSet;
  locked.putRuleNames({ programId: program.programId, ruleSetVersion, names });
  for (const { points, ...cap } of award.capUsage) {
    locked.addCapUsed(earn.membershipId, cap, points);
  }
  const standing = applyWaitingRefunds(locked, { earn, ruleSet, author });
  return {
    userId: input.userId,
    earn: { ...standing, explanation: award.explanation },
    balance: balanceAt(locked.bringUpToDateById(earn.membershipId), now),
    replayed: false,
  };
}

/** The account that may earn now, opened where the program or the caller lets a first earn do that. */
function earningAccount(
  account: Account | undefined,
  {
    input,
    author,
    program,
    locked,
    now,
  }: {
    input: EarnInput;
    author: Author;
    program: ProgramDefinition;
    locked: LockedState;
    now: Instant;
  },
): Account {
  if (account === undefined) {
    if (!mayJoin({ input, program })) throw new MembershipNotFound();
    const membershipId = locked.newMembershipId(input);
    const opened = join({
      membershipId,
      programId: input.programId,
      userId: input.userId,
      attributes: {},
      author,
      now,
    });
    return countEarn(opened, { program, now });
  }
  if (account.membership.state === 'SUSPENDED') throw new MembershipSuspended();
  if (account.membership.state === 'LEFT') throw new MembershipLeft();
  return countEarn(account, { program, now });
}

function countEarn(
  account: Account,
  { program, now }: { program: ProgramDefinition; now: Instant },
): Account {
  const { earnWindow } = account.membership;
  const counted = countAttempt(earnWindow, { perMinute: program.earnsPerMinute, now });
  return counted === earnWindow ? account : withMembership(account, { earnWindow: counted });
}
