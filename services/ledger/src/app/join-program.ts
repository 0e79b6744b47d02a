import { ProgramNotActive } from '../domain/errors.ts';
import { join, rejoin } from '../domain/join.ts';
import type { Account, Cause } from '../domain/journal.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Held, MemberName } from './ledger-store.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';

export interface JoinProgramInput extends MemberName {
  readonly attributes: Readonly<Record<string, string>>;
}

export interface JoinProgramResult {
  readonly account: Account;
  /** Whether the user was a member already; then nothing changed. */
  readonly replayed: boolean;
}

/**
 * Makes a user a member.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive}, and what
 * {@link CommitQueue.submit} throws
 */
export type JoinProgramUseCase = (
  input: JoinProgramInput,
  cause: Cause,
) => Promise<JoinProgramResult>;

export function createJoinProgram(deps: {
  catalog: ProgramCatalog;
  queue: CommitQueue;
}): JoinProgramUseCase {
  return async (input, cause) => {
    const program = await deps.catalog.get(input.programId);
    return await deps.queue.submit({
      needs: { member: input, mayJoin: true },
      decide: (held) => decideJoin({ input, cause, program, held }),
    });
  };
}

function decideJoin({
  input,
  cause,
  program,
  held,
}: {
  input: JoinProgramInput;
  cause: Cause;
  program: ProgramDefinition;
  held: Held;
}): JoinProgramResult {
  const existing = held.account(input);
  if (existing !== undefined && existing.membership.state !== 'LEFT') {
    return { account: existing, replayed: true };
  }
  if (program.state !== 'ACTIVE') throw new ProgramNotActive(program.programId, program.state);
  const now = held.nowOf(existing);
  const account =
    existing === undefined
      ? join({ ...input, membershipId: held.newMembershipId(input), cause, now })
      : rejoin(existing, { attributes: input.attributes, cause, now });
  held.putAccount(account);
  return { account, replayed: false };
}
