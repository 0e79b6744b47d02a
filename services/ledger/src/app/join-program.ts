import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { CLOCK_DIFFERENCE_MS_MAX } from '@loyalty/rules/rule-set-in-force.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { type Attributes, changedKeys, requireFewEnough } from '../domain/attributes.ts';
import { AlreadyMember, ProgramNotActive } from '../domain/errors.ts';
import { join, rejoin } from '../domain/join.ts';
import type { Account } from '../domain/journal.ts';
import type { Membership } from '../domain/membership.ts';
import type { App } from './app.ts';
import type { LockedState, MemberName } from './ledger-store.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import { requireUnarchived } from './require-unarchived.ts';
import { visibleProgram } from './visible-program.ts';

export interface JoinProgramInput extends MemberName {
  /** Set beside those that the member has already. */
  readonly attributes: Attributes;
  /** The present if undefined. */
  readonly joinTime?: Instant | undefined;
  /** Whether the user asks, and not a backend or an admin. */
  readonly byMember: boolean;
}

export interface JoinProgramResult {
  readonly account: Account;
  /** Whether the user was a member already; then nothing changed. */
  readonly replayed: boolean;
}

/**
 * Makes a user a member.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} {@link AlreadyMember}
 * {@link ValidationFailed}, and what {@link App.queue} throws
 */
export async function joinProgram(
  app: App,
  input: JoinProgramInput,
  author: Author,
): Promise<JoinProgramResult> {
  if (input.byMember) refuseOperatorsFields(input);
  const program = await visibleProgram(app.catalog, input);
  return await app.queue.submit({
    needs: { member: input, mayJoin: true },
    decide: (locked) => decideJoin({ input, author, program, locked }),
  });
}

/** Tiers are built on attributes and join times, so that members must not choose their own. */
function refuseOperatorsFields({ attributes, joinTime }: JoinProgramInput): void {
  const given = [
    ...(Object.keys(attributes).length > 0 ? ['attributes'] : []),
    ...(joinTime === undefined ? [] : ['join_time']),
  ];
  if (given.length === 0) return;
  const message = 'can be set by admins and services only; leave it out';
  throw new ValidationFailed(given.map((field) => ({ field, message })));
}

function decideJoin({
  input,
  author,
  program,
  locked,
}: {
  input: JoinProgramInput;
  author: Author;
  program: ProgramDefinition;
  locked: LockedState;
}): JoinProgramResult {
  const existing = locked.bringUpToDate(input);
  const now = locked.nowOf(existing);
  const { attributes, joinTime } = input;
  refuseJoinAhead(joinTime, now);
  if (existing !== undefined && existing.membership.state !== 'LEFT') {
    refuseOtherThanPresent(existing.membership, { input, program });
    return { account: existing, replayed: true };
  }
  requireActive(program);
  requireFewEnough({ ...existing?.membership.attributes, ...attributes }, 'attributes');
  const joining = { attributes, joinTime, author, now };
  const { programId, userId } = input;
  const account =
    existing === undefined
      ? join({ ...joining, membershipId: locked.newMembershipId(input), programId, userId })
      : rejoin(existing, joining);
  locked.putAccount(account);
  return { account, replayed: false };
}

/** @throws {ValidationFailed} for a time of joining that lies ahead */
export function refuseJoinAhead(joinTime: Instant | undefined, now: Instant): void {
  if (joinTime === undefined || joinTime <= now + CLOCK_DIFFERENCE_MS_MAX) return;
  const message = "must be at most 5 minutes ahead of the server's clock";
  throw new ValidationFailed([{ field: 'join_time', message }]);
}

/**
 * Only active programs take new members.
 *
 * @throws {ProgramNotActive}
 */
export function requireActive({ programId, state }: ProgramDefinition): void {
  if (state !== 'ACTIVE') throw new ProgramNotActive(programId, state);
}

function refuseOtherThanPresent(
  present: Membership,
  {
    input: { attributes, joinTime },
    program,
  }: { input: JoinProgramInput; program: ProgramDefinition },
): void {
  const changed = {
    attributes: changedKeys(present.attributes, attributes).map(
      (key) => `attributes[${JSON.stringify(key)}]`,
    ),
    joinTime: joinTime !== undefined && joinTime !== present.joinTime,
  };
  if (changed.attributes.length === 0 && !changed.joinTime) return;
  requireUnarchived(program);
  throw new AlreadyMember(changed);
}
