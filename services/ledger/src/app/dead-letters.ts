import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { PageRequest, PurchaseName } from './ledger-store.ts';
import type { StreamMessage, SubmissionName } from './stream-message.ts';

/** Why a message couldn't be applied, and whether it is tried again. */
export interface Failure {
  /** WAITING is tried again at `retryAt`; DEAD stays until an operator replays or discards it. */
  readonly state: 'WAITING' | 'DEAD';
  /** A reason of the contract's error catalog. */
  readonly reason: string;
  readonly detail: string;
  readonly failTime: Instant;
  /** Has no meaning for DEAD. */
  readonly retryAt: Instant;
}

/** A failed attempt to apply a message, as it is announced. */
export interface FailedSubmission {
  readonly deadLetterId: bigint;
  /** Counted from 1; no two attempts of a dead letter have the same number. */
  readonly attempt: number;
  readonly subject: string;
  readonly about: SubmissionName;
  readonly author: Author;
  readonly failure: Failure;
}

/** An operator's final decision about a message. */
export interface Decision {
  /** REPLAYED has been applied; DISCARDED isn't tried again. */
  readonly state: 'REPLAYED' | 'DISCARDED';
  readonly author: Author;
  /** Empty if the author didn't say. */
  readonly why: string;
  readonly time: Instant;
}

export type DeadLetterState = Failure['state'] | Decision['state'];

/** A kept message, for another attempt. */
export interface DueLetter {
  readonly deadLetterId: bigint;
  readonly message: StreamMessage;
  /** The number of earlier attempts. */
  readonly attempts: number;
}

/** A message that couldn't be applied, as an operator sees it. */
export interface DeadLetter extends DueLetter, Pick<Failure, 'reason' | 'detail' | 'retryAt'> {
  readonly state: DeadLetterState;
  readonly about: SubmissionName;
  readonly createTime: Instant;
  /** Set for REPLAYED and DISCARDED. */
  readonly decision: Decision | undefined;
}

/** How many messages wait or are dead for a reason. */
export interface DeadLetterCount {
  readonly state: Failure['state'];
  readonly reason: string;
  readonly count: number;
  /** Seconds since the oldest message in the state was kept, whatever its reason. */
  readonly oldestSeconds: number;
}

/** A message that reports a purchase and couldn't be applied. */
export interface UnappliedReport {
  readonly deadLetterId: string;
  /** A reason of the contract's error catalog. */
  readonly reason: string;
}

/** The programs whose messages count; undefined for all. */
export type ProgramScope = readonly string[] | undefined;

/**
 * Messages that couldn't be applied, kept with their reasons. Each failed attempt is announced in the database transaction
 * that notes it. All methods throw {@link StorageUnavailable} when the database is down.
 */
export interface DeadLetters {
  /** Keeps a message. One that is delivered again is kept once. */
  keep(letter: { message: StreamMessage; about: SubmissionName; failure: Failure }): Promise<void>;
  /**
   * Takes up waiting messages that are due. Others leave them alone for `leaseMs`, after which they count as
   * abandoned and are due again.
   */
  takeDue(batch: { limit: number; leaseMs: number; now: Instant }): Promise<DueLetter[]>;
  /** Notes that another attempt failed, unless something was decided meanwhile. */
  recordFailure(deadLetterId: bigint, failure: Failure): Promise<void>;
  /** Forgets messages that a retry has applied, unless something was decided meanwhile. */
  remove(deadLetterIds: readonly bigint[]): Promise<void>;
  /**
   * Keeps a decision unless there is one. Only that a message was replayed replaces that it was discarded: an attempt
   * that was under way has applied it.
   */
  decide(deadLetterId: bigint, decision: Decision): Promise<void>;
  /** Forgets at most `limit` messages that were decided about before an instant, and resolves to how many it was. */
  removeDecided(batch: { before: Instant; limit: number }): Promise<number>;
  /** Makes due at once what waits for a program to be active. */
  makeDue(programId: string, now: Instant): Promise<void>;
  /** The newest first, without their payloads, which can be large. Positions are ids. */
  list(
    query: {
      programs: ProgramScope;
      state: DeadLetterState | undefined;
      reason: string | undefined;
    } & PageRequest<bigint>,
  ): Promise<DeadLetter[]>;
  find(query: { deadLetterId: bigint; programs: ProgramScope }): Promise<DeadLetter | undefined>;
  /** The newest message that reports a purchase and waits or is dead. */
  ofPurchase(name: PurchaseName): Promise<UnappliedReport | undefined>;
  /** How many wait or are dead, for each reason. */
  count(): Promise<DeadLetterCount[]>;
}
