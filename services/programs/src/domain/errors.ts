import { DomainError } from '@loyalty/rules/domain-error.ts';

/** Thrown when no such program exists, or the caller must not know about it. */
export class ProgramNotFound extends DomainError {
  readonly reason = 'PROGRAM_NOT_FOUND';

  constructor(programId: string) {
    super(`There is no program ${programId}`, { metadata: { programId } });
  }
}

/** Thrown when the program has no such version, or none that is in force where one is needed. */
export class RuleSetNotFound extends DomainError {
  readonly reason = 'RULE_SET_NOT_FOUND';
}

/** Thrown when the program has no such reward. */
export class RewardNotFound extends DomainError {
  readonly reason = 'REWARD_NOT_FOUND';

  constructor({ programId, rewardId }: { programId: string; rewardId: string }) {
    super(`Program ${programId} has no reward ${rewardId}`, { metadata: { programId, rewardId } });
  }
}

/** Thrown when an id is taken. */
export class AlreadyExists extends DomainError {
  readonly reason = 'ALREADY_EXISTS';
}

/** Thrown when an object's state doesn't lead to the state asked for. */
export class IllegalTransition extends DomainError {
  readonly reason = 'ILLEGAL_TRANSITION';

  constructor(message: string, transition: { from: string; to: string }) {
    super(message, { metadata: transition });
  }
}

/** Thrown when a program would be archived while points are held for it. */
export class ProgramHasOpenHolds extends IllegalTransition {
  constructor(programId: string) {
    super(
      `Program ${programId} has open holds: capture or cancel those in its list of open holds, or wait until they end`,
      {
        from: 'SUSPENDED with open holds',
        to: 'ARCHIVED',
      },
    );
  }
}

/** Thrown when the ledger can't be asked; nothing was changed. */
export class LedgerUnavailable extends DomainError {
  readonly reason = 'SERVICE_UNAVAILABLE';

  constructor(programId: string, cause: unknown) {
    super(
      `The ledger can't be reached to check program ${programId} for open holds; nothing was changed, retry in a second`,
      { metadata: { programId }, retryAfterMs: 1_000, cause },
    );
  }
}

/** Thrown when an archived program, its rule sets or rewards are changed. */
export class ProgramNotActive extends DomainError {
  readonly reason = 'PROGRAM_NOT_ACTIVE';

  constructor({ programId, state }: { programId: string; state: string }) {
    super(`Program ${programId} is ${state}: it, its rule sets and its rewards can't change`, {
      metadata: { programId, state },
    });
  }
}
