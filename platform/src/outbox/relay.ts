import type { Pool } from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { isReasoned } from '../errors.ts';
import type { Logger } from '../logging.ts';
import type { OutgoingMessage, Publisher } from '../messaging/publisher.ts';
import type { Cleanups } from '../running-service.ts';
import { patientCollect } from '../telemetry/patient-collect.ts';
import { backoffMs, pause } from '../waiting.ts';
import { decodeOutboxBatch } from './batch.ts';
import {
  type BatchRow,
  type DeferredRow,
  lease,
  leaseDeferredRows,
  oldestAgeSeconds,
  postpone,
  remove,
} from './leases.ts';

export interface RelayOptions {
  pool: Pool;
  publisher: Publisher;
  logger: Pick<Logger, 'warn' | 'error'>;
  /** Where `outbox_…` metrics are registered. */
  registry?: Registry;
  /** How often the table is polled without a call of `wake`; 1 s by default. */
  pollMs?: number;
  /** How long a relay may take for what it has leased before another one may; 30 s by default. */
  leaseMs?: number;
  /** Most rows that are published at once; 16 by default. */
  batchRows?: number;
  /** For a table with rows that refer, in their column `entries`, to what they announce. */
  deferred?: DeferredRows;
}

/** Rows that refer to what they announce; `encode` makes their messages. */
export interface DeferredRows {
  /** The rows that this process committed a moment ago: other relays leave them to this one for a while. */
  readonly own: () => readonly bigint[];
  /**
   * The messages of a row.
   *
   * @throws {StorageUnavailable} when what it refers to can't be read now
   */
  readonly encode: (row: { id: bigint; entries: Uint8Array }) => Promise<readonly OutboxMessage[]>;
}

/** A message to publish, with its event's id as Nats-Msg-Id. */
export type OutboxMessage = Required<Omit<OutgoingMessage, 'messageId'>> & { eventId: string };

export interface Relay {
  start(): void;
  /** Makes the relay look for new rows. Cheap; may be called for every commit. */
  wake(): void;
  /** Finishes the rows at hand; the others stay for the next start. */
  stop(): Promise<void>;
}

/** Longest pause while JetStream or the database is down. */
const maxDelayMs = 5_000;

/** A row that is refused, for instance for its size, needs an operator and shouldn't hold up the others. */
const refusedDelayMs = 30_000;

/**
 * Publishes what the rows of the `outbox` table have, or refer to, and deletes them once JetStream has stored their messages.
 * Any number of relays may work on a table. Each message is published at least once, with its event id as Nats-Msg-Id.
 */
export function createRelay(options: RelayOptions): Relay {
  const { pool, pollMs = 1_000, leaseMs = 30_000, batchRows = 16, logger } = options;
  const metrics = relayMetrics(options);
  const stopping = new AbortController();
  let awake = new AbortController();
  let running: Promise<void> | undefined;
  let failures = 0;

  /** Resolves to whether there may be more to do at once. */
  const round = async (): Promise<boolean> => {
    // The lease sees rows committed before this line; a later commit wakes the relay again.
    awake = new AbortController();
    const leasing = { limit: batchRows, leaseMs };
    const { deferred } = options;
    const rows =
      deferred === undefined
        ? await lease(pool, leasing)
        : await leaseDeferredRows(pool, { ...leasing, own: deferred.own() });
    const outcomes = await Promise.all(rows.map((row) => publishRow(row, options)));
    const idsOf = (outcome: Outcome) =>
      rows.filter((_, index) => outcomes[index] === outcome).map(({ id }) => id);

    const published = idsOf('published');
    if (published.length > 0) await remove(pool, published);
    const refused = idsOf('refused');
    if (refused.length > 0) await postpone(pool, { ids: refused, delayMs: refusedDelayMs });
    const unavailable = idsOf('unavailable');
    failures = unavailable.length > 0 ? failures + 1 : 0;
    if (unavailable.length > 0) await postpone(pool, { ids: unavailable, delayMs: delayMs() });

    metrics.add({ published: published.length, failed: refused.length + unavailable.length });
    return failures === 0 && rows.length === batchRows;
  };

  const delayMs = () => Math.min(backoffMs(failures), maxDelayMs);

  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        if (await round()) continue;
      } catch (error) {
        failures += 1;
        logger.warn({ err: error }, 'the outbox could not be relayed');
      }
      if (failures === 0) await pause(pollMs, awake.signal);
      else await pause(delayMs(), stopping.signal);
    }
  };

  return {
    start() {
      running ??= run();
    },
    wake() {
      awake.abort();
    },
    async stop() {
      stopping.abort();
      awake.abort();
      await running;
    },
  };
}

/** Starts a relay that is stopped with the service. */
export function startRelay(options: RelayOptions, cleanups: Cleanups): Relay {
  const relay = createRelay(options);
  relay.start();
  cleanups.push(() => relay.stop());
  return relay;
}

/** `unavailable`: JetStream doesn't respond, nothing gets through. `refused`: this row can't be published. */
type Outcome = 'published' | 'unavailable' | 'refused';

async function publishRow(row: BatchRow | DeferredRow, options: RelayOptions): Promise<Outcome> {
  const { publisher, logger } = options;
  try {
    const messages = row.batch === null ? await encoded(row, options) : decoded(row.batch);
    const attempts = await Promise.allSettled(
      messages.map(({ subject, data, headers, sharedHeaders, eventId }) =>
        publisher.publish({ subject, data, headers, sharedHeaders, messageId: eventId }),
      ),
    );
    for (const attempt of attempts) if (attempt.status === 'rejected') throw attempt.reason;
    return 'published';
  } catch (error) {
    logger.warn({ err: error, outboxId: String(row.id) }, 'events could not be published');
    return isReasoned(error) && error.reason === 'STORAGE_UNAVAILABLE' ? 'unavailable' : 'refused';
  }
}

function decoded(batch: Uint8Array): OutboxMessage[] {
  const { messages, headers: sharedHeaders } = decodeOutboxBatch(batch);
  return messages.map(({ eventId, subject, headers, data }) => ({
    eventId,
    subject,
    headers,
    sharedHeaders,
    data,
  }));
}

async function encoded(
  row: DeferredRow & { batch: null },
  { deferred }: RelayOptions,
): Promise<readonly OutboxMessage[]> {
  if (deferred === undefined) throw new Error('nothing encodes what a row of the outbox refers to');
  return await deferred.encode(row);
}

function relayMetrics({ pool, registry }: RelayOptions) {
  const registers = registry === undefined ? [] : [registry];
  const rows = new Counter({
    name: 'outbox_rows_total',
    help: 'Attempts to publish outbox rows, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const oldest: Gauge = new Gauge({
    name: 'outbox_oldest_seconds',
    help: 'Age of the oldest unpublished row',
    registers,
    collect: patientCollect(async () => oldest.set(await oldestAgeSeconds(pool))),
  });
  return {
    add({ published, failed }: { published: number; failed: number }) {
      rows.inc({ outcome: 'published' }, published);
      rows.inc({ outcome: 'failed' }, failed);
    },
  };
}
