import type { Instant } from '../domain/instant.ts';
import type { PageRequest, TransactionName } from './ledger-store.ts';
import type { StreamMessage } from './stream-message.ts';

/** Why a message couldn't be applied, and whether it is tried again. */
export interface Failure {
  /** WAITING is tried again at `retryAt`; DEAD stays until an operator deals with it. */
  readonly state: 'WAITING' | 'DEAD';
  /** A reason of the contract's error catalogue. */
  readonly reason: string;
  readonly detail: string;
  /** Of no meaning for DEAD. */
  readonly retryAt: Instant;
}

/** A kept message, for another attempt. */
export interface DueLetter {
  readonly deadLetterId: bigint;
  readonly message: StreamMessage;
  /** How often it was tried before. */
  readonly attempts: number;
}

/** A message that couldn't be applied, as an operator sees it. */
export interface DeadLetter extends DueLetter, Failure {
  readonly about: TransactionName;
  readonly createTime: Instant;
}

/** A message that reports a purchase and couldn't be applied. */
export interface UnappliedReport {
  readonly deadLetterId: string;
  /** A reason of the contract's error catalogue. */
  readonly reason: string;
}

/** The programs whose messages count; undefined for all. */
export type ProgramScope = readonly string[] | undefined;

/**
 * Messages that couldn't be applied, kept with their reasons. All methods throw {@link StorageUnavailable} when the
 * database is down.
 */
export interface DeadLetters {
  /** Keeps a message. One that is delivered again is kept once. */
  keep(letter: { message: StreamMessage; about: TransactionName; failure: Failure }): Promise<void>;
  /**
   * Takes up waiting messages that are due. Others leave them alone for `leaseMs`, after which they count as
   * abandoned and are due again.
   */
  takeDue(batch: { limit: number; leaseMs: number; now: Instant }): Promise<DueLetter[]>;
  /** Notes that another attempt failed. */
  recordFailure(deadLetterId: bigint, failure: Failure): Promise<void>;
  /** Forgets messages that have been applied. */
  remove(deadLetterIds: readonly bigint[]): Promise<void>;
  /** Makes due at once what waits for a program to be active. */
  makeDue(programId: string, now: Instant): Promise<void>;
  /** The newest first, without their payloads, which can be large. Positions are ids. */
  list(
    query: {
      programs: ProgramScope;
      state: Failure['state'] | undefined;
    } & PageRequest<bigint>,
  ): Promise<DeadLetter[]>;
  find(query: { deadLetterId: bigint; programs: ProgramScope }): Promise<DeadLetter | undefined>;
  /** The newest message that reports a purchase. */
  ofTransaction(transaction: TransactionName): Promise<UnappliedReport | undefined>;
}
