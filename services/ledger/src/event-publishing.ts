import type { Logger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { createRelay } from '@loyalty/platform/outbox/relay.ts';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import type { JournalReader } from './app/journal-reader.ts';
import { createEventEncoder } from './events/event-encoder.ts';
import { createRecentRecords } from './events/recent-records.ts';
import type { Announced } from './storage/commit-to-ledger.ts';
import { createJournalReader } from './storage/journal-reader.ts';
import { createRuleNames, type StoredRuleNames } from './storage/rule-names.ts';

/** What makes events of journal entries. */
export interface EventPublishing {
  readonly journal: JournalReader;
  readonly ruleNames: StoredRuleNames;
  /** Hands a commit's row of the outbox to the relay. */
  announce(announced: Announced): void;
  /** Makes the relay look for rows that no commit of entries left. */
  wake(): void;
  stop(): Promise<void>;
}

/** Publishes what commits leave in the outbox, until it is stopped. */
export function startEventPublishing({
  pool,
  nats,
  logger,
  registry,
}: {
  pool: Pool;
  nats: Nats;
  logger: Logger;
  registry: Registry;
}): EventPublishing {
  const ruleNames = createRuleNames(pool);
  const journal = createJournalReader(pool, ruleNames);
  const recent = createRecentRecords();
  const relay = createRelay({
    pool,
    publisher: createPublisher(nats),
    deferred: { own: recent.ids, encode: createEventEncoder({ recent, journal }) },
    logger,
    registry,
  });
  relay.start();
  return {
    journal,
    ruleNames,
    announce({ outboxId, records }) {
      if (records !== undefined) recent.put(outboxId, records);
      relay.wake();
    },
    wake: () => relay.wake(),
    stop: () => relay.stop(),
  };
}
