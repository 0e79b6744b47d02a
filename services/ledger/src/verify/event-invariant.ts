import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { contentDigest } from '@loyalty/platform/messaging/content-digest.ts';
import { readStream } from '@loyalty/platform/messaging/read-stream.ts';
import { eventsStream } from '@loyalty/platform/messaging/streams.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool } from 'pg';
import type { EntryKey } from '../app/journal-reader.ts';
import { decodeKeys } from '../events/outbox-entries.ts';
import { eventsOf } from '../messages/event-message.ts';
import { createJournalReader } from '../storage/journal-reader.ts';
import { createRuleNames } from '../storage/rule-names.ts';
import type { Invariant } from './invariant.ts';

export const eventInvariant: Invariant = {
  id: 'I7',
  name: 'events',
  meaning:
    "Every entry that is newer than what the stream has dropped has its event in the outbox or in the stream, an event in the stream is the one that follows from the entry, each time that it was published, and no event is for an entry that doesn't exist.",
};

/** What was found about the events. */
export interface EventFindings {
  readonly offenders: readonly string[];
  /** Says from when on events were compared, and what else is worth knowing. */
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
}: {
  /** A snapshot of the ledger. */
  tx: DbTransaction;
  /** The ledger as it is now. */
  pool: Pool;
  nats: Nats;
}): Promise<EventFindings> {
  const sightings = new Sightings();
  const outbox = await tx.query<{ entries: Uint8Array }>(
    'SELECT entries FROM outbox WHERE entries IS NOT NULL',
  );
  for (const { entries } of outbox.rows) {
    for (const { membershipId, sequence } of decodeKeys(entries)) {
      sightings.addWaiting(`${membershipId}-${sequence}`);
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
  const eventIds = sightings.entryEventIds();
  const offenders = [
    ...(await missing(tx, { eventIds, since })),
    ...(await wrongEvents(pool, { eventIds, sightings })),
    ...sightings.differing(),
  ];
  return {
    offenders,
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
  /** The digest of its content when it was first seen in the stream; undefined while it is only in the outbox. */
  digest: string | undefined;
  timesPublished: number;
  differs: boolean;
}

/** The events that were seen, by their ids. */
class Sightings {
  readonly #byId = new Map<string, Sighting>();

  addWaiting(eventId: string): void {
    this.#of(eventId);
  }

  addPublished(eventId: string, content: Content): void {
    const digest = contentDigest(content);
    const sighting = this.#of(eventId);
    sighting.timesPublished += 1;
    sighting.digest ??= digest;
    sighting.differs ||= sighting.digest !== digest;
  }

  #of(eventId: string): Sighting {
    const known = this.#byId.get(eventId);
    if (known !== undefined) return known;
    const first: Sighting = { digest: undefined, timesPublished: 0, differs: false };
    this.#byId.set(eventId, first);
    return first;
  }

  /** The ids of events that announce entries: a membership id and a sequence. Other ids contain words. */
  entryEventIds(): string[] {
    return [...this.#byId.keys()].filter((eventId) => /^\d+-\d+$/.test(eventId));
  }

  /** Whether it was published with one content, and that isn't this one. */
  isAnother(eventId: string, content: Content): boolean {
    const sighting = this.#byId.get(eventId);
    if (sighting?.digest === undefined || sighting.differs) return false;
    return sighting.digest !== contentDigest(content);
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

/** The note that says which entries were compared with the stream. */
export function extentNote({
  completeSince,
  since,
  begin,
  now,
}: {
  /** The instant from which on the stream has all events. */
  completeSince: Date;
  /** The instant from which on entries were compared. */
  since: Date;
  /** When the journal begins; null if it has no entries. */
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

/** The entries whose event is nowhere. */
async function missing(
  tx: DbTransaction,
  { eventIds, since }: { eventIds: readonly string[]; since: Date },
): Promise<string[]> {
  const { rows } = await tx.query<{ offender: string }>(
    `SELECT format('event %s (%s of %s): is neither in the outbox nor in the stream',
       event_id, kind, create_time) AS offender
     FROM (
       SELECT membership_id || '-' || sequence AS event_id, kind, create_time FROM entries
     ) AS recorded
     LEFT JOIN unnest($1::text[]) AS announced (event_id) USING (event_id)
     WHERE create_time >= $2 AND announced.event_id IS NULL`,
    [eventIds, since],
  );
  return rows.map(({ offender }) => offender);
}

/** How many entries are read at once. */
const entriesAtOnce = 500;

/**
 * Finds events of no entry, and events that don't follow from their entry. Compares with the present ledger, not with the
 * snapshot: what was recorded since may be in the stream already.
 */
async function wrongEvents(
  pool: Pool,
  { eventIds, sightings }: { eventIds: readonly string[]; sightings: Sightings },
): Promise<string[]> {
  const journal = createJournalReader(pool, createRuleNames(pool));
  const offenders: string[] = [];
  for (let start = 0; start < eventIds.length; start += entriesAtOnce) {
    const ids = eventIds.slice(start, start + entriesAtOnce);
    const found = new Map(
      eventsOf(await journal.read(ids.flatMap(keyOf))).map((event) => [event.id, event]),
    );
    for (const id of ids) {
      const event = found.get(id);
      if (event === undefined) {
        offenders.push(`event ${id}: was announced, and there is no such entry`);
      } else if (sightings.isAnother(id, event)) {
        offenders.push(`event ${id}: was published with other contents than its entry has`);
      }
    }
  }
  return offenders;
}

function keyOf(eventId: string): EntryKey[] {
  const [, membershipId, sequence] = /^(\d{1,18})-(\d{1,18})$/.exec(eventId) ?? [];
  return membershipId === undefined || sequence === undefined
    ? []
    : [{ membershipId: BigInt(membershipId), sequence: BigInt(sequence) }];
}
