import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { readStream } from '@loyalty/platform/messaging/read-stream.ts';
import { eventsStream } from '@loyalty/platform/messaging/streams.ts';
import { decodeOutboxBatch } from '@loyalty/platform/outbox/batch.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool } from 'pg';
import type { Invariant } from './invariant.ts';

export const eventInvariant: Invariant = {
  id: 'I7',
  name: 'events',
  meaning:
    "Every entry that is newer than what the stream has dropped has its event in the outbox or, once, in the stream, and no event is for an entry that doesn't exist.",
};

interface Source {
  /** A snapshot of the ledger. */
  readonly tx: DbTransaction;
  /** The ledger as it is now. */
  readonly pool: Pool;
}

/** The clocks of the ledger and of NATS may differ by as much. */
const clockToleranceMs = 60_000;

/**
 * The events that are missing, published twice, or of no entry. Needs a snapshot that was taken before: an event
 * leaves the outbox once the stream has it, so that what the snapshot's outbox lacks is in the stream by now.
 */
export async function unannounced({ tx, pool, nats }: Source & { nats: Nats }): Promise<string[]> {
  const outbox = await tx.query<{ batch: Uint8Array }>('SELECT batch FROM outbox');
  const waiting = outbox.rows.flatMap(({ batch }) =>
    decodeOutboxBatch(batch).map(({ eventId }) => eventId),
  );
  const published = new Map<string, number>();
  const { completeSince } = await readStream({
    nats,
    stream: eventsStream.name,
    handle({ header }) {
      const eventId = header('ce-id');
      if (header('ce-source') !== '/ledger' || eventId === undefined) return;
      published.set(eventId, (published.get(eventId) ?? 0) + 1);
    },
  });
  const eventIds = [...new Set([...waiting, ...published.keys()])];
  const since = new Date(completeSince.getTime() + clockToleranceMs);
  const offenders = await compare({ tx, pool }, { eventIds, since });
  for (const [eventId, times] of published) {
    if (times > 1) offenders.push(`event ${eventId}: is in the stream ${times} times`);
  }
  return offenders;
}

async function compare(
  { tx, pool }: Source,
  { eventIds, since }: { eventIds: readonly string[]; since: Date },
): Promise<string[]> {
  const missing = await tx.query<{ offender: string }>(
    `SELECT format('event %s (%s of %s): is neither in the outbox nor in the stream',
       event_id, kind, create_time) AS offender
     FROM (
       SELECT membership_id || '-' || sequence AS event_id, kind, create_time FROM entries
     ) AS recorded
     LEFT JOIN unnest($1::text[]) AS announced (event_id) USING (event_id)
     WHERE create_time >= $2 AND announced.event_id IS NULL`,
    [eventIds, since],
  );
  // Of the present, not of the snapshot: what was recorded since may be in the stream already.
  const unfounded = await pool.query<{ offender: string }>(
    `SELECT format('event %s: was announced, and there is no such entry', event_id) AS offender
     FROM unnest($1::text[]) AS announced (event_id)
     LEFT JOIN (
       SELECT membership_id || '-' || sequence AS event_id, sequence FROM entries
     ) AS recorded USING (event_id)
     WHERE sequence IS NULL`,
    [eventIds],
  );
  return [...missing.rows, ...unfounded.rows].map(({ offender }) => offender);
}
