import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { contentDigest } from '@loyalty/platform/messaging/content-digest.ts';
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
    "Every entry that is newer than what the stream has dropped has its event in the outbox or in the stream, an event that was published more than once is the same each time, and no event is for an entry that doesn't exist.",
};

interface Source {
  /** A snapshot of the ledger. */
  readonly tx: DbTransaction;
  /** The ledger as it is now. */
  readonly pool: Pool;
}

/** What was found of the events. */
export interface EventFindings {
  readonly offenders: readonly string[];
  /** Since when the events were looked at, and what is no offence. */
  readonly notes: readonly string[];
}

/** The clocks of the ledger and of NATS may differ by as much. */
const clockToleranceMs = 60_000;

/**
 * The events that are missing, published with different contents, or of no entry. Needs a snapshot that was taken
 * before: an event leaves the outbox once the stream has it, so that what the snapshot's outbox lacks is in the stream by
 * now.
 */
export async function checkEvents({
  tx,
  pool,
  nats,
}: Source & { nats: Nats }): Promise<EventFindings> {
  const sightings = new Sightings();
  const outbox = await tx.query<{ batch: Uint8Array }>('SELECT batch FROM outbox');
  for (const { batch } of outbox.rows) {
    for (const { eventId, ...message } of decodeOutboxBatch(batch).messages) {
      sightings.addWaiting(eventId, message);
    }
  }
  const { completeSince } = await readStream({
    nats,
    stream: eventsStream.name,
    handle({ header, ...message }) {
      const eventId = header('ce-id');
      if (header('ce-source') !== '/ledger' || eventId === undefined) return;
      sightings.addPublished(eventId, message);
    },
  });
  const since = new Date(completeSince.getTime() + clockToleranceMs);
  const offenders = await compare({ tx, pool }, { eventIds: sightings.entryEventIds(), since });
  return {
    offenders: [...offenders, ...sightings.differing()],
    notes: [
      extentNote({ completeSince, since, ...(await readJournalTimes(tx)) }),
      ...sightings.repeated(),
    ],
  };
}

interface Content {
  readonly subject: string;
  readonly data: Uint8Array;
}

interface Sighting {
  readonly digest: string;
  timesPublished: number;
  differs: boolean;
}

/** What was seen of each event, by its id. */
class Sightings {
  readonly #byId = new Map<string, Sighting>();

  addWaiting(eventId: string, content: Content): void {
    this.#add(eventId, content);
  }

  addPublished(eventId: string, content: Content): void {
    this.#add(eventId, content).timesPublished += 1;
  }

  #add(eventId: string, content: Content): Sighting {
    const digest = contentDigest(content);
    const known = this.#byId.get(eventId);
    if (known !== undefined) {
      known.differs ||= known.digest !== digest;
      return known;
    }
    const first: Sighting = { digest, timesPublished: 0, differs: false };
    this.#byId.set(eventId, first);
    return first;
  }

  /** Of the events that announce entries, whose ids are a membership's and a sequence; those of others have words in them. */
  entryEventIds(): string[] {
    return [...this.#byId.keys()].filter((eventId) => /^\d+-\d+$/.test(eventId));
  }

  differing(): string[] {
    return [...this.#byId]
      .filter(([, { differs }]) => differs)
      .map(
        ([eventId]) => `event ${eventId}: was published more than once, with different contents`,
      );
  }

  repeated(): string[] {
    const ids = [...this.#byId]
      .filter(([, { timesPublished, differs }]) => timesPublished > 1 && !differs)
      .map(([eventId]) => eventId);
    const [first] = ids;
    if (first === undefined) return [];
    const subject =
      ids.length === 1 ? `event ${first} is` : `${ids.length} events, such as ${first}, are`;
    return [
      `${subject} in the stream more than once, the same each time: events are delivered at least once`,
    ];
  }
}

async function readJournalTimes(tx: DbTransaction): Promise<{ begin: Date | null; now: Date }> {
  const { rows } = await tx.query<{ begin: Date | null; now: Date }>(
    'SELECT min(create_time) AS begin, now() AS now FROM entries',
  );
  const [times] = rows;
  if (times === undefined) throw new Error('the database has not said when the journal begins');
  return times;
}

/** Says which entries were compared with the stream. */
export function extentNote({
  completeSince,
  since,
  begin,
  now,
}: {
  /** From when on the stream has everything. */
  completeSince: Date;
  /** From when on entries were compared. */
  since: Date;
  /** Of the journal; null if it has no entries. */
  begin: Date | null;
  now: Date;
}): string {
  const extent =
    since > now
      ? `no entry was compared with the stream yet, because it has everything only since ${completeSince.toISOString()}, and the first minute is left out; verify again after ${since.toISOString()}`
      : `entries since ${since.toISOString()} were compared with the stream`;
  return begin === null || begin >= completeSince
    ? extent
    : `${extent}: the stream is younger than the journal, which begins at ${begin.toISOString()}`;
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
