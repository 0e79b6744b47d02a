// Written by `npm run generate` from proto/loyalty/options/v1/errors.proto.
import { LoyaltyError, type LoyaltyErrorOptions } from './loyalty-error.ts';

/**
 * A field of the request is missing, malformed or out of its bounds.
 *
 * Correct the fields named in the violations and send the request again.
 */
export class ValidationFailed extends LoyaltyError {
  override readonly reason = 'VALIDATION_FAILED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'VALIDATION_FAILED', code: 3, retryable: false });
  }
}

/**
 * The request has no bearer token, or one that is expired or can't be trusted.
 *
 * Send a valid token in the Authorization header.
 */
export class Unauthenticated extends LoyaltyError {
  override readonly reason = 'UNAUTHENTICATED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'UNAUTHENTICATED', code: 16, retryable: false });
  }
}

/**
 * The token is valid but doesn't give access to this method, program or user.
 *
 * Use a token with the role, program or subject that the method requires.
 */
export class PermissionDenied extends LoyaltyError {
  override readonly reason = 'PERMISSION_DENIED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'PERMISSION_DENIED', code: 7, retryable: false });
  }
}

/**
 * No such program exists, or it isn't visible to the caller.
 *
 * Check the program id.
 */
export class ProgramNotFound extends LoyaltyError {
  override readonly reason = 'PROGRAM_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'PROGRAM_NOT_FOUND', code: 5, retryable: false });
  }
}

/**
 * The user isn't a member of the program.
 *
 * Have the user join the program first.
 */
export class MembershipNotFound extends LoyaltyError {
  override readonly reason = 'MEMBERSHIP_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'MEMBERSHIP_NOT_FOUND', code: 5, retryable: false });
  }
}

/**
 * The program has no such reward.
 *
 * Check the reward id.
 */
export class RewardNotFound extends LoyaltyError {
  override readonly reason = 'REWARD_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'REWARD_NOT_FOUND', code: 5, retryable: false });
  }
}

/**
 * The program has no rule set with that version.
 *
 * Check the version.
 */
export class RuleSetNotFound extends LoyaltyError {
  override readonly reason = 'RULE_SET_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'RULE_SET_NOT_FOUND', code: 5, retryable: false });
  }
}

/**
 * The member has no such redemption.
 *
 * Check the redemption id and the user id.
 */
export class RedemptionNotFound extends LoyaltyError {
  override readonly reason = 'REDEMPTION_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'REDEMPTION_NOT_FOUND', code: 5, retryable: false });
  }
}

/**
 * No points have been posted for the transaction. If its event is known to wait or to have failed, the metadata has deadLetterId and the reason.
 *
 * If the transaction was submitted a moment ago, try again; otherwise report it, or look at the dead letter.
 */
export class EarnNotPosted extends LoyaltyError {
  override readonly reason = 'EARN_NOT_POSTED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'EARN_NOT_POSTED', code: 5, retryable: false });
  }
}

/**
 * No such dead letter exists.
 *
 * Check the id; a dead letter is deleted once a retry has applied it, and some time after it was replayed or discarded.
 */
export class DeadLetterNotFound extends LoyaltyError {
  override readonly reason = 'DEAD_LETTER_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'DEAD_LETTER_NOT_FOUND', code: 5, retryable: false });
  }
}

/**
 * Something with that id exists already.
 *
 * Choose another id, or update the existing one.
 */
export class AlreadyExists extends LoyaltyError {
  override readonly reason = 'ALREADY_EXISTS';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'ALREADY_EXISTS', code: 6, retryable: false });
  }
}

/**
 * The transaction id was reported before with other content. The metadata has the fields that differ.
 *
 * Don't retry. Give every transaction its own id, and refund the first one if it was wrong.
 */
export class TransactionConflict extends LoyaltyError {
  override readonly reason = 'TRANSACTION_CONFLICT';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'TRANSACTION_CONFLICT', code: 6, retryable: false });
  }
}

/**
 * The refund id was used before with other content.
 *
 * Don't retry. Give every refund its own id.
 */
export class RefundConflict extends LoyaltyError {
  override readonly reason = 'REFUND_CONFLICT';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'REFUND_CONFLICT', code: 6, retryable: false });
  }
}

/**
 * The idempotency key was used before with other content. For an adjustment, the metadata has the fields that differ.
 *
 * Use a new key for a new request, and the same key only to repeat the same request.
 */
export class IdempotencyKeyReused extends LoyaltyError {
  override readonly reason = 'IDEMPOTENCY_KEY_REUSED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'IDEMPOTENCY_KEY_REUSED', code: 6, retryable: false });
  }
}

/**
 * The object has changed since the etag was read.
 *
 * Read it again, apply the change to the current version, and send the new etag.
 */
export class EtagMismatch extends LoyaltyError {
  override readonly reason = 'ETAG_MISMATCH';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'ETAG_MISMATCH', code: 10, retryable: false });
  }
}

/**
 * The request conflicted with concurrent ones too many times and changed nothing.
 *
 * Retry the same request after the given delay.
 */
export class Contention extends LoyaltyError {
  override readonly reason = 'CONTENTION';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'CONTENTION', code: 10, retryable: true });
  }
}

/**
 * The program's state doesn't allow this.
 *
 * Wait until the program is active; an event on JetStream waits by itself. An archived program allows only reads and refunds of credited transactions.
 */
export class ProgramNotActive extends LoyaltyError {
  override readonly reason = 'PROGRAM_NOT_ACTIVE';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'PROGRAM_NOT_ACTIVE', code: 9, retryable: false });
  }
}

/**
 * The membership is suspended.
 *
 * Resume the membership first.
 */
export class MembershipSuspended extends LoyaltyError {
  override readonly reason = 'MEMBERSHIP_SUSPENDED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'MEMBERSHIP_SUSPENDED', code: 9, retryable: false });
  }
}

/**
 * The user has left the program.
 *
 * Have the user join again, or credit no more than they owe.
 */
export class MembershipLeft extends LoyaltyError {
  override readonly reason = 'MEMBERSHIP_LEFT';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'MEMBERSHIP_LEFT', code: 9, retryable: false });
  }
}

/**
 * The object's state doesn't allow the transition. The metadata has from and to.
 *
 * Read the object; its current state says what is possible.
 */
export class IllegalTransition extends LoyaltyError {
  override readonly reason = 'ILLEGAL_TRANSITION';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'ILLEGAL_TRANSITION', code: 9, retryable: false });
  }
}

/**
 * More would be refunded than the transaction had.
 *
 * Refund at most what is left of the transaction.
 */
export class RefundExceedsTransaction extends LoyaltyError {
  override readonly reason = 'REFUND_EXCEEDS_TRANSACTION';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'REFUND_EXCEEDS_TRANSACTION', code: 9, retryable: false });
  }
}

/**
 * A number would exceed what the platform can represent or allows.
 *
 * Split the request, or use smaller numbers.
 */
export class LimitExceeded extends LoyaltyError {
  override readonly reason = 'LIMIT_EXCEEDED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'LIMIT_EXCEEDED', code: 9, retryable: false });
  }
}

/**
 * The balance doesn't cover the points. The metadata has missingPoints, including what the member owes.
 *
 * Redeem again, with a new idempotency key, once the balance suffices; an adjustment may allow a deficit.
 */
export class InsufficientPoints extends LoyaltyError {
  override readonly reason = 'INSUFFICIENT_POINTS';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'INSUFFICIENT_POINTS', code: 9, retryable: false });
  }
}

/**
 * The reward's stock is used up.
 *
 * Offer another reward, or raise the stock limit.
 */
export class OutOfStock extends LoyaltyError {
  override readonly reason = 'OUT_OF_STOCK';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'OUT_OF_STOCK', code: 9, retryable: false });
  }
}

/**
 * The member has had this reward as often as allowed in the period.
 *
 * Try again, with a new idempotency key, in the next period.
 */
export class MemberLimitReached extends LoyaltyError {
  override readonly reason = 'MEMBER_LIMIT_REACHED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'MEMBER_LIMIT_REACHED', code: 9, retryable: false });
  }
}

/**
 * The reward is archived or not on offer at this time.
 *
 * Offer another reward.
 */
export class RewardUnavailable extends LoyaltyError {
  override readonly reason = 'REWARD_UNAVAILABLE';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'REWARD_UNAVAILABLE', code: 9, retryable: false });
  }
}

/**
 * The member doesn't meet the reward's condition.
 *
 * Offer another reward.
 */
export class ConditionNotMet extends LoyaltyError {
  override readonly reason = 'CONDITION_NOT_MET';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'CONDITION_NOT_MET', code: 9, retryable: false });
  }
}

/**
 * The price isn't the expected one. The metadata has pricePoints.
 *
 * Show the new price, and redeem with it if the member agrees.
 */
export class PriceChanged extends LoyaltyError {
  override readonly reason = 'PRICE_CHANGED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'PRICE_CHANGED', code: 9, retryable: false });
  }
}

/**
 * The member has reached the program's limit of requests per minute.
 *
 * Retry the same request after the given delay.
 */
export class VelocityLimit extends LoyaltyError {
  override readonly reason = 'VELOCITY_LIMIT';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'VELOCITY_LIMIT', code: 8, retryable: true });
  }
}

/**
 * The caller sends more requests than allowed. The metadata has what is counted (unit), the quota, and the windowSeconds in which it comes back.
 *
 * Retry the same request after the given delay.
 */
export class RateLimited extends LoyaltyError {
  override readonly reason = 'RATE_LIMITED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'RATE_LIMITED', code: 8, retryable: true });
  }
}

/**
 * The ledger doesn't know the program yet and can't reach the Programs service.
 *
 * Retry the same request after the given delay.
 */
export class ProgramsUnavailable extends LoyaltyError {
  override readonly reason = 'PROGRAMS_UNAVAILABLE';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'PROGRAMS_UNAVAILABLE', code: 14, retryable: true });
  }
}

/**
 * The service's database or message broker can't be reached.
 *
 * Retry the same request after the given delay; a repeat can't count twice.
 */
export class StorageUnavailable extends LoyaltyError {
  override readonly reason = 'STORAGE_UNAVAILABLE';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'STORAGE_UNAVAILABLE', code: 14, retryable: true });
  }
}

/**
 * The service is overloaded and refused this request before starting it.
 *
 * Retry the same request after the given delay.
 */
export class Overloaded extends LoyaltyError {
  override readonly reason = 'OVERLOADED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'OVERLOADED', code: 14, retryable: true });
  }
}

/**
 * The method or the option exists in the contract but isn't served by this release.
 *
 * Use a release that serves it.
 */
export class NotImplemented extends LoyaltyError {
  override readonly reason = 'NOT_IMPLEMENTED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'NOT_IMPLEMENTED', code: 12, retryable: false });
  }
}

/**
 * The deadline passed before the response was ready. The request may still have taken effect.
 *
 * Repeat the same request with the same ids; a repeat can't count twice.
 */
export class DeadlineExceeded extends LoyaltyError {
  override readonly reason = 'DEADLINE_EXCEEDED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'DEADLINE_EXCEEDED', code: 4, retryable: true });
  }
}

/**
 * The caller cancelled before the response was ready. The request may still have taken effect.
 *
 * Repeat the same request with the same ids; a repeat can't count twice.
 */
export class Cancelled extends LoyaltyError {
  override readonly reason = 'CANCELLED';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'CANCELLED', code: 1, retryable: false });
  }
}

/**
 * An internal error occurred; the log has it under the request id.
 *
 * Report the request id to the operators.
 */
export class Internal extends LoyaltyError {
  override readonly reason = 'INTERNAL';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'INTERNAL', code: 13, retryable: false });
  }
}

/**
 * The service can't reach another service that it needs.
 *
 * Retry the same request after the given delay; a repeat can't count twice.
 */
export class ServiceUnavailable extends LoyaltyError {
  override readonly reason = 'SERVICE_UNAVAILABLE';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'SERVICE_UNAVAILABLE', code: 14, retryable: true });
  }
}

/**
 * The transaction has no such refund.
 *
 * Check the transaction id and the refund id.
 */
export class RefundNotFound extends LoyaltyError {
  override readonly reason = 'REFUND_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'REFUND_NOT_FOUND', code: 5, retryable: false });
  }
}

/**
 * The program has no such webhook.
 *
 * Check the program id and the webhook id.
 */
export class WebhookNotFound extends LoyaltyError {
  override readonly reason = 'WEBHOOK_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'WEBHOOK_NOT_FOUND', code: 5, retryable: false });
  }
}

/**
 * The webhook has no such delivery.
 *
 * Check the delivery id; finished deliveries are deleted after a while.
 */
export class DeliveryNotFound extends LoyaltyError {
  override readonly reason = 'DELIVERY_NOT_FOUND';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: 'DELIVERY_NOT_FOUND', code: 5, retryable: false });
  }
}

/** The class of each reason. */
export const errorClasses = {
  VALIDATION_FAILED: ValidationFailed,
  UNAUTHENTICATED: Unauthenticated,
  PERMISSION_DENIED: PermissionDenied,
  PROGRAM_NOT_FOUND: ProgramNotFound,
  MEMBERSHIP_NOT_FOUND: MembershipNotFound,
  REWARD_NOT_FOUND: RewardNotFound,
  RULE_SET_NOT_FOUND: RuleSetNotFound,
  REDEMPTION_NOT_FOUND: RedemptionNotFound,
  EARN_NOT_POSTED: EarnNotPosted,
  DEAD_LETTER_NOT_FOUND: DeadLetterNotFound,
  ALREADY_EXISTS: AlreadyExists,
  TRANSACTION_CONFLICT: TransactionConflict,
  REFUND_CONFLICT: RefundConflict,
  IDEMPOTENCY_KEY_REUSED: IdempotencyKeyReused,
  ETAG_MISMATCH: EtagMismatch,
  CONTENTION: Contention,
  PROGRAM_NOT_ACTIVE: ProgramNotActive,
  MEMBERSHIP_SUSPENDED: MembershipSuspended,
  MEMBERSHIP_LEFT: MembershipLeft,
  ILLEGAL_TRANSITION: IllegalTransition,
  REFUND_EXCEEDS_TRANSACTION: RefundExceedsTransaction,
  LIMIT_EXCEEDED: LimitExceeded,
  INSUFFICIENT_POINTS: InsufficientPoints,
  OUT_OF_STOCK: OutOfStock,
  MEMBER_LIMIT_REACHED: MemberLimitReached,
  REWARD_UNAVAILABLE: RewardUnavailable,
  CONDITION_NOT_MET: ConditionNotMet,
  PRICE_CHANGED: PriceChanged,
  VELOCITY_LIMIT: VelocityLimit,
  RATE_LIMITED: RateLimited,
  PROGRAMS_UNAVAILABLE: ProgramsUnavailable,
  STORAGE_UNAVAILABLE: StorageUnavailable,
  OVERLOADED: Overloaded,
  NOT_IMPLEMENTED: NotImplemented,
  DEADLINE_EXCEEDED: DeadlineExceeded,
  CANCELLED: Cancelled,
  INTERNAL: Internal,
  SERVICE_UNAVAILABLE: ServiceUnavailable,
  REFUND_NOT_FOUND: RefundNotFound,
  WEBHOOK_NOT_FOUND: WebhookNotFound,
  DELIVERY_NOT_FOUND: DeliveryNotFound,
} as const;

/** A reason that this version knows. */
export type Reason = keyof typeof errorClasses;
