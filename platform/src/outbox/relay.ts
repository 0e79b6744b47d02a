import type { Pool } from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { isReasoned } from '../errors.ts';
import type { Logger } from '../logging.ts';
import type { Publisher } from '../messaging/publisher.ts';
import { patientCollect } from '../telemetry/patient-collect.ts';
import { backoffMs, pause } from '../waiting.ts';
import { decodeOutboxBatch } from './batch.ts';
import { lease, type OutboxRow, oldestAgeSeconds, postpone, remove } from './leases.ts';

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
}

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
 * Publishes the rows of the `outbox` table and deletes them once JetStream has stored their messages. Any number
 * of relays may work on a table. Each message is published at least once, with its event id as Nats-Msg-Id.
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
    const rows = await lease(pool, { limit: batchRows, leaseMs });
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

/** `unavailable`: JetStream doesn't respond, nothing gets through. `refused`: this row can't be published. */
type Outcome = 'published' | 'unavailable' | 'refused';

async function publishRow(row: OutboxRow, options: RelayOptions): Promise<Outcome> {
  const { publisher, logger } = options;
  try {
    const { messages, headers: sharedHeaders } = decodeOutboxBatch(row.batch);
    const attempts = await Promise.allSettled(
      messages.map(({ subject, data, headers, eventId }) =>
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
