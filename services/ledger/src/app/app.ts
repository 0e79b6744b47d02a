import type { Instant } from '@loyalty/rules/instant.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { EarnStream } from './earn-stream.ts';
import type { JournalReader } from './journal-reader.ts';
import type { LedgerReader } from './ledger-store.ts';
import type { ProgramCatalog } from './program-catalog.ts';
import type { ProgramSummaries } from './program-summaries.ts';
import type { ReadMessage, StreamMessage } from './stream-message.ts';

/** The dependencies of all use cases. */
export interface App {
  readonly catalog: ProgramCatalog;
  readonly queue: CommitQueue;
  readonly reader: LedgerReader;
  readonly journal: JournalReader;
  readonly summaries: ProgramSummaries;
  readonly clock: () => Instant;
  readonly newRedemptionId: () => string;
}

/** Adds what use cases about messages need. */
export interface MessagingApp extends App {
  readonly earnStream: EarnStream;
  readonly readMessage: (message: StreamMessage) => ReadMessage;
  readonly deadLetters: DeadLetters;
}
