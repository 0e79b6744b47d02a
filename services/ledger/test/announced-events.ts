// The events of a ledger under test, as the relay would publish them and as they can be read again.
import assert from 'node:assert/strict';
import type { JournalReader } from '../src/app/journal-reader.ts';
import { type Event, eventsOf } from '../src/messages/event-message.ts';
import type { Announced } from '../src/storage/commit-to-ledger.ts';

/** Encodes the events of each commit as soon as it is announced, and checks that they come out the same again. */
export function collectEvents(journal: JournalReader) {
  const published = new Map<string, string>();
  const publishing: Promise<void>[] = [];

  async function publish(records: NonNullable<Announced['records']>): Promise<void> {
    const events = eventsOf(await journal.named(records));
    for (const event of events) published.set(event.id, textOf(event));
    // As another relay would do, or this one after a crash, while other commits go on.
    const keys = records.map(({ membershipId, entry: { sequence } }) => ({
      membershipId,
      sequence,
    }));
    const again = eventsOf(await journal.read(keys));
    assert.deepEqual(again.map(textOf), events.map(textOf));
  }

  return {
    announce({ records }: Announced): void {
      if (records === undefined) return;
      const done = publish(records);
      // Awaited in expectSameAgain, which throws what was thrown here.
      done.catch(() => undefined);
      publishing.push(done);
    },

    /**
     * Reads all journals of the programs from one end to the other.
     *
     * @throws when an event differs from the one that was published, or isn't where it belongs
     */
    async expectSameAgain(programIds: readonly string[]): Promise<void> {
      await Promise.all(publishing);
      const read = new Map<string, string>();
      for (const programId of programIds) {
        for await (const event of journalOf(journal, programId)) read.set(event.id, textOf(event));
      }
      assert.ok(2 * published.size > read.size, 'most commits know what their events are made of');
      for (const [id, text] of published) assert.equal(read.get(id), text);
      for (const id of read.keys()) {
        const [member, sequence = ''] = id.split('-');
        assert.ok(sequence === '1' || read.has(`${member}-${BigInt(sequence) - 1n}`), id);
      }
    },
  };
}

/** The events of a program, the oldest first, in small pages. */
export async function* journalOf(journal: JournalReader, programId: string): AsyncGenerator<Event> {
  const period = { startTime: 0, endTime: Date.parse('2100-01-01Z') };
  const limit = 100;
  for (let after: Awaited<ReturnType<JournalReader['keysOfProgram']>>[number] | undefined; ; ) {
    const keys = await journal.keysOfProgram({ programId, ...period, limit, after });
    yield* eventsOf(await journal.read(keys));
    after = keys.at(-1);
    if (keys.length < limit) return;
  }
}

function textOf({ id, subject, headers, data }: Event): string {
  return JSON.stringify([id, subject, headers, Buffer.from(data).toString('base64')]);
}
