import type { ReplayRange } from './replay-store.ts';

/** An event of the ledger's journal, exactly as it was published. */
export interface JournalEvent {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** Thrown when the ledger can't ever read what was asked for, such as the journal of somebody who is no member. */
export class JournalRefused extends Error {
  override readonly name = 'JournalRefused';
}

/** What happened in a program, however long ago. */
export interface Journal {
  /** @throws {JournalRefused} and whatever else, when it may work later */
  read(query: {
    programId: string;
    range: ReplayRange;
    pageToken: string;
  }): Promise<{ events: readonly JournalEvent[]; nextPageToken: string }>;
}
