import type { Instant } from '../domain/instant.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { EarnStream } from './earn-stream.ts';
import type { JournalReader } from './journal-reader.ts';
import type { LedgerReader } from './ledger-store.ts';
import type { ProgramCatalog } from './program-catalog.ts';
import type { ReadMessage, StreamMessage } from './stream-message.ts';

/** What all use cases work with. */
export interface App {
  readonly catalog: ProgramCatalog;
  readonly queue: CommitQueue;
  readonly reader: LedgerReader;
  readonly clock: () => Instant;
  readonly newRedemptionId: () => string;
}

/** What those about messages work with besides. */
export interface MessagingApp extends App {
  readonly earnStream: EarnStream;
  readonly readMessage: (message: StreamMessage) => ReadMessage;
  readonly deadLetters: DeadLetters;
}

/** What those about events work with besides. */
export interface JournalApp extends App {
  readonly journal: JournalReader;
}
