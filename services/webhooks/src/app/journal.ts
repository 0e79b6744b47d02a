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
}

/** What happened in a program, however long ago. */
export interface Journal {
  /** @throws {JournalRefused} or, when it may work later, any other error */
  read(query: {
    programId: string;
    range: ReplayRange;
    pageToken: string;
  }): Promise<{ events: readonly JournalEvent[]; nextPageToken: string }>;
}
