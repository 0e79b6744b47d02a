import type { ReplayRange } from './replay-store.ts';

/** An event of the ledger's journal, exactly as it was published. */
export interface JournalEvent {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** Thrown when the ledger will never be able to read what was asked for, such as the journal of a user who isn't a member. */
export class JournalRefused extends Error {
  override readonly name = 'JournalRefused';
  /** The ledger's own, such as MEMBERSHIP_NOT_FOUND. */
  readonly reason: string;

  constructor(message: string, { reason, cause }: { reason: string; cause?: unknown }) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** What happened in a program, however long ago. */
export interface Journal {
  /** @throws {JournalRefused} or, when it may work later, any other error */
  read(query: {
    programId: string;
    range: ReplayRange;
    pageToken: string;
    /** The most events that a page may have; the journal decides where it is absent. */
    pageSize?: number;
    /** How long it may take; the journal decides where it is absent. */
    timeoutMs?: number;
  }): Promise<{ events: readonly JournalEvent[]; nextPageToken: string }>;
}
