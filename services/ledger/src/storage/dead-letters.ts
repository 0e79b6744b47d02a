import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Knex } from 'knex';
import type { DeadLetters, FailedSubmission, Failure } from '../app/dead-letters.ts';
import { deadLetterReads } from './dead-letter-reads.ts';
import {
  type AttemptRow,
  attemptColumns,
  type DueRow,
  dueLetterOf,
  failedSubmission,
  failureColumns,
  rowOf,
  storable,
} from './dead-letter-rows.ts';
import { translated } from './storage-errors.ts';

/** The table of messages that couldn't be applied. */
export function createDeadLetters({
  knex,
  encodeFailure,
  wakeRelay,
}: {
  knex: Knex;
  /** The batch of events that a failed attempt is announced with. */
  encodeFailure: (failed: FailedSubmission) => Uint8Array;
  /** Called after every commit that left something in the outbox. */
  wakeRelay: () => void;
}): DeadLetters {
  /** Writes a failed attempt, and announces it if a row was written. */
  async function writeFailure(
    failure: Failure,
    write: (tx: Knex.Transaction) => PromiseLike<AttemptRow[]>,
  ): Promise<void> {
    const isWritten = await translated(
      knex.transaction(async (tx) => {
        const [row] = await write(tx);
        if (row === undefined) return false;
        const batch = encodeFailure(failedSubmission(row, failure));
        await tx('outbox').insert({ batch: Buffer.from(batch) });
        return true;
      }),
    );
    if (isWritten) wakeRelay();
  }

  return {
    async keep(letter) {
      await writeFailure(letter.failure, (tx) =>
        tx('dead_letters')
          .insert(rowOf(letter))
          .onConflict(['stream_sequence', 'stream_time'])
          .ignore()
          .returning<AttemptRow[]>([...attemptColumns]),
      );
    },

    // What keeps others away from the rows while they are being tried is their new time, not a lock: no database
    // transaction stays open meanwhile.
    async takeDue({ limit, leaseMs, now }) {
      const { rows } = await translated(
        knex.raw<{ rows: DueRow[] }>(
          `UPDATE dead_letters SET retry_at = :leasedUntil
           WHERE dead_letter_id = ANY (ARRAY(
             SELECT dead_letter_id FROM dead_letters
             WHERE state = 'WAITING' AND retry_at <= :now
             ORDER BY retry_at LIMIT :limit FOR UPDATE SKIP LOCKED
           ))
           RETURNING dead_letter_id, stream_sequence, stream_time, subject, content_type, payload,
             actor, request_id, attempts`,
          { leasedUntil: timestamptz(now + leaseMs), now: timestamptz(now), limit },
        ),
      );
      return rows.map(dueLetterOf);
    },

    async recordFailure(deadLetterId, failure) {
      await writeFailure(failure, (tx) =>
        tx('dead_letters')
          .where({ dead_letter_id: String(deadLetterId) })
          .whereNull('decide_time')
          .update({ ...failureColumns(failure), attempts: tx.raw('attempts + 1') })
          .returning<AttemptRow[]>([...attemptColumns]),
      );
    },

    async remove(deadLetterIds) {
      await translated(
        knex('dead_letters')
          .whereIn('dead_letter_id', deadLetterIds.map(String))
          .whereNull('decide_time')
          .delete(),
      );
    },

    async decide(deadLetterId, { state, author, why, time }) {
      const isReplayed = state === 'REPLAYED';
      // Neither condition on the state lets PostgreSQL use another index than that of the id.
      const letter = knex('dead_letters').where({ dead_letter_id: String(deadLetterId) });
      await translated(
        (isReplayed
          ? letter.whereRaw('state IS DISTINCT FROM ?', state)
          : letter.whereNull('decide_time')
        ).update({
          state,
          decide_time: timestamptz(time),
          decide_actor: storable(author.actor),
          decide_request_id: storable(author.requestId),
          decide_why: storable(why),
          ...(isReplayed && { attempts: knex.raw('attempts + 1') }),
        }),
      );
    },

    async removeDecided({ before, limit }) {
      const { rowCount } = await translated(
        knex.raw<{ rowCount: number }>(
          `DELETE FROM dead_letters WHERE dead_letter_id = ANY (ARRAY(
             SELECT dead_letter_id FROM dead_letters WHERE decide_time < :before
             ORDER BY decide_time LIMIT :limit FOR UPDATE SKIP LOCKED
           ))`,
          { before: timestamptz(before), limit },
        ),
      );
      return rowCount;
    },

    async makeDue(programId, now) {
      await translated(
        knex('dead_letters')
          .where({ program_id: programId, state: 'WAITING' })
          // Written so that PostgreSQL always uses the index by program, and not sometimes the one by program and reason.
          .whereRaw("reason IS NOT DISTINCT FROM 'PROGRAM_NOT_ACTIVE'")
          .update({ retry_at: timestamptz(now) }),
      );
    },

    ...deadLetterReads(knex),
  };
}
