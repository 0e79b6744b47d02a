import { DomainError } from '@loyalty/rules/domain-error.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';

/**
 * Thrown when nothing is wrong with a purchase but that this process's clock has not come to its time. That may be the
 * fault of the clock: the same purchase passes later, or on another replica.
 */
export class AheadOfClock extends ValidationFailed {}

/** Thrown when no program has the id. */
export class ProgramNotFound extends DomainError {
  readonly reason = 'PROGRAM_NOT_FOUND';

  constructor(programId: string) {
    super(`There is no program with the id ${programId}`, { metadata: { programId } });
  }
}

/** Thrown when the program isn't known here yet and the Programs service can't be asked. */
export class ProgramsUnavailable extends DomainError {
  readonly reason = 'PROGRAMS_UNAVAILABLE';

  constructor(programId: string, cause: unknown) {
    super(`The Programs service can't be reached to load ${programId}; retry in a second`, {
      metadata: { programId },
      retryAfterMs: 1000,
      cause,
    });
  }
}

/** Thrown when the program's state doesn't allow the command. */
export class ProgramNotActive extends DomainError {
  readonly reason = 'PROGRAM_NOT_ACTIVE';

  constructor(programId: string, state: string) {
    const consequence =
      state === 'ARCHIVED'
        ? ': only reads and refunds of credited transactions remain'
        : ', not ACTIVE';
    super(`The program ${programId} is ${state}${consequence}`, {
      metadata: { programId, state },
    });
  }
}

/** Thrown when the user never joined the program. */
export class MembershipNotFound extends DomainError {
  readonly reason = 'MEMBERSHIP_NOT_FOUND';

  constructor() {
    super("The user isn't a member of the program; let them join first");
  }
}

/**
 * Thrown when a user who is a member already would join with other attributes than they have, or at another time. Attributes
 * are paths, never values.
 */
export class AlreadyMember extends DomainError {
  readonly reason = 'ALREADY_EXISTS';

  constructor({ attributes, joinTime }: { attributes: readonly string[]; joinTime: boolean }) {
    const fields = [...attributes, ...(joinTime ? ['join_time'] : [])];
    const ways = [
      ...(attributes.length > 0
        ? [`update the membership to change ${attributes.join(', ')}`]
        : []),
      ...(joinTime ? ["leave join_time out, since it can't change"] : []),
    ];
    super(`The user is a member already: ${ways.join('; ')}`, {
      metadata: { fields: fields.join(',') },
      fields,
    });
  }
}

/** Thrown when a suspended member would earn, redeem or leave. */
export class MembershipSuspended extends DomainError {
  readonly reason = 'MEMBERSHIP_SUSPENDED';

  constructor() {
    super('The membership is suspended; resume it first');
  }
}

/** Thrown when someone who left would earn or redeem, or be given more than they owe. */
export class MembershipLeft extends DomainError {
  readonly reason = 'MEMBERSHIP_LEFT';

  constructor(message = 'The user has left the program; let them join again') {
    super(message);
  }
}

/** Thrown when a transaction id comes back with other content. `fields` are paths, never values. */
export class TransactionConflict extends DomainError {
  readonly reason = 'TRANSACTION_CONFLICT';

  constructor(fields: readonly string[]) {
    super(
      `The transaction was reported before with another ${fields.join(', ')}; report it as before, or report another transaction under its own id`,
      {
        metadata: { fields: fields.join(',') },
        fields,
      },
    );
  }
}

/** Thrown when no earn of the purchase is posted. */
export class EarnNotPosted extends DomainError {
  readonly reason = 'EARN_NOT_POSTED';

  constructor(deadLetter?: { deadLetterId: string; reason: string }) {
    super(
      deadLetter === undefined
        ? 'No points have been posted for the transaction'
        : `No points have been posted for the transaction: its event is a dead letter (${deadLetter.reason})`,
      deadLetter === undefined ? {} : { metadata: { ...deadLetter } },
    );
  }
}

/** Thrown when no dead letter has the id, or none that the caller may see. */
export class DeadLetterNotFound extends DomainError {
  readonly reason = 'DEAD_LETTER_NOT_FOUND';

  constructor(deadLetterId: string) {
    super('There is no dead letter with that id; a retry may have applied it', {
      metadata: { deadLetterId },
    });
  }
}

/** Thrown when the program offers no such reward. */
export class RewardNotFound extends DomainError {
  readonly reason = 'REWARD_NOT_FOUND';

  constructor(rewardId: string) {
    super(`The program has no reward with the id ${rewardId}`, { metadata: { rewardId } });
  }
}

/** Thrown when the member has no such redemption. */
export class RedemptionNotFound extends DomainError {
  readonly reason = 'REDEMPTION_NOT_FOUND';

  constructor() {
    super('The member has no redemption with that id');
  }
}

/** Thrown when an idempotency key comes back with other content. */
export class IdempotencyKeyReused extends DomainError {
  readonly reason = 'IDEMPOTENCY_KEY_REUSED';

  /** @param fields those that differ, by their proto names; empty where that isn't known */
  constructor(fields: readonly string[] = []) {
    const difference = fields.length === 0 ? 'other content' : `another ${fields.join(', ')}`;
    super(
      `The idempotency key was used before with ${difference}; use a new key`,
      fields.length === 0 ? {} : { metadata: { fields: fields.join(',') }, fields },
    );
  }
}

/** Thrown when the price isn't the one that the caller expected. */
export class PriceChanged extends DomainError {
  readonly reason = 'PRICE_CHANGED';

  constructor(prices: { pricePoints: bigint; expectedPoints: bigint }) {
    super(
      `The price is ${prices.pricePoints} points, not ${prices.expectedPoints}; show the new price to the member, and redeem with it`,
      {
        metadata: {
          pricePoints: String(prices.pricePoints),
          expectedPoints: String(prices.expectedPoints),
        },
      },
    );
  }
}

/** The business reasons that a redemption can be refused for; the refusal is kept with it. */
export type RefusalReason =
  | 'INSUFFICIENT_POINTS'
  | 'OUT_OF_STOCK'
  | 'MEMBER_LIMIT_REACHED'
  | 'REWARD_UNAVAILABLE'
  | 'CONDITION_NOT_MET';

const refusalMessages: Readonly<Record<RefusalReason, string>> = {
  INSUFFICIENT_POINTS: "The balance doesn't cover the price",
  OUT_OF_STOCK: "The reward's stock is used up",
  MEMBER_LIMIT_REACHED: 'The member has had this reward as often as allowed in the period',
  REWARD_UNAVAILABLE: 'The reward is not on offer now',
  CONDITION_NOT_MET: "The member doesn't meet the reward's condition",
};

/** Thrown when a redemption was refused and stored as REJECTED; its key always returns this refusal. */
export class RedemptionRefused extends DomainError {
  readonly reason: RefusalReason;

  constructor(refusal: Refusal, redemptionId: string) {
    const missing = refusal.metadata.missingPoints;
    super(
      missing === undefined
        ? refusalMessages[refusal.reason]
        : `${refusalMessages[refusal.reason]}: ${missing} missing`,
      { metadata: { ...refusal.metadata, redemptionId } },
    );
    this.reason = refusal.reason;
  }
}

export interface Refusal {
  readonly reason: RefusalReason;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Thrown when more would be taken by hand than there is. What is owed already is missing too. */
export class InsufficientPoints extends DomainError {
  readonly reason = 'INSUFFICIENT_POINTS';

  constructor(missingPoints: bigint) {
    super(`The balance lacks ${missingPoints} points; set allow_deficit to take them anyway`, {
      metadata: { missingPoints: String(missingPoints) },
      fields: ['allow_deficit'],
    });
  }
}

/** Thrown when the state of an object doesn't allow what was asked. */
export class IllegalTransition extends DomainError {
  readonly reason = 'ILLEGAL_TRANSITION';

  constructor({ from, to }: { from: string; to: string }) {
    super(`The state can't change from ${from} to ${to}`, { metadata: { from, to } });
  }
}

/** Thrown when a member would do what only others may, such as cancelling a hold that a backend made. */
export class NotPermitted extends DomainError {
  readonly reason = 'PERMISSION_DENIED';
}

/** Thrown when a refund asks for more than its purchase has left. */
export class RefundExceedsTransaction extends DomainError {
  readonly reason = 'REFUND_EXCEEDS_TRANSACTION';
}

/** Thrown when no refund with the id was reported. */
export class RefundNotFound extends DomainError {
  readonly reason = 'REFUND_NOT_FOUND';

  constructor(refundId: string) {
    super(`The transaction has no refund with the id ${refundId}`, { metadata: { refundId } });
  }
}

/** Thrown when a refund id comes back with other content. */
export class RefundConflict extends DomainError {
  readonly reason = 'REFUND_CONFLICT';

  constructor() {
    super('The refund was reported before with other content; give each refund its own id');
  }
}

/** Thrown when a member acts more often within a minute than the program allows. */
export class VelocityLimitReached extends DomainError {
  readonly reason = 'VELOCITY_LIMIT';

  constructor(limit: { perMinute: number; retryAfterMs: number }) {
    super(`The member has reached the program's limit of ${limit.perMinute} per minute`, {
      metadata: { unit: 'request', quota: String(limit.perMinute), windowSeconds: '60' },
      retryAfterMs: limit.retryAfterMs,
    });
  }
}

/** It is the ledger itself that can't go on; the command is as good as before. */
export abstract class LedgerUnavailable extends DomainError {}

/** Thrown when a command lost against concurrent ones too often, or waited for their locks too long; it changed nothing. */
export class Contention extends LedgerUnavailable {
  readonly reason = 'CONTENTION';

  constructor(cause?: unknown) {
    super('Too many concurrent changes; retry', { retryAfterMs: 100, cause });
  }
}

/** Thrown when a command would wait too long for those before it; it changed nothing. */
export class Overloaded extends LedgerUnavailable {
  readonly reason = 'OVERLOADED';

  constructor({ retryAfterMs }: { retryAfterMs: number }) {
    super('The ledger is overloaded; retry later', { retryAfterMs });
  }
}

/** Thrown when the ledger's database is down. The command may have been committed: repeating it is safe. */
export class StorageUnavailable extends LedgerUnavailable {
  readonly reason = 'STORAGE_UNAVAILABLE';

  constructor(cause: unknown) {
    super("The ledger's database can't be reached; retry", { retryAfterMs: 1000, cause });
  }
}
