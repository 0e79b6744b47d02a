import type { Knex } from 'knex';
import type { DeadLetter, DeadLetters, DueLetter, Failure } from '../app/dead-letters.ts';
import type { TransactionName } from '../app/ledger-store.ts';
import type { StreamMessage } from '../app/stream-message.ts';
import { aboveAllIds, instant, type Timestamp, timestamptz } from './column-values.ts';
import { perRow } from './plan-forms.ts';
import { translated } from './storage-errors.ts';

interface DueRow {
  dead_letter_id: bigint;
  stream_sequence: bigint;
  stream_time: Date;
  subject: string;
  content_type: string;
  payload: Buffer;
  actor: string;
  request_id: string;
  attempts: number;
}

interface DeadLetterRow extends DueRow {
  state: Failure['state'];
  reason: string;
  detail: string;
  program_id: string;
  transaction_id: string;
  retry_at: Timestamp;
  create_time: Date;
}

/** All but the payload, which can be large. */
const summaryColumns = `dead_letter_id, stream_sequence, stream_time, subject, content_type, actor, request_id, attempts,
  state, reason, detail, program_id, transaction_id, retry_at, create_time`;

const allStates: Failure['state'][] = ['WAITING', 'DEAD'];

// The newest of each state, and of these the newest. In an order that only the index by state has: in that of the ids
// alone, PostgreSQL may look for the few that wait among all that are dead.
const newestOfStates = `
  SELECT letters.*
  FROM unnest(CAST(:states AS text[])) AS asked (state)
  CROSS JOIN LATERAL (
    SELECT ${summaryColumns} FROM dead_letters
    WHERE (state, dead_letter_id) < (asked.state, :before) AND state >= asked.state
    ORDER BY dead_letters.state DESC, dead_letter_id DESC LIMIT :limit
  ) AS letters
  ORDER BY dead_letter_id DESC LIMIT :limit`;

const newestOfPrograms = `
  SELECT letters.*
  FROM unnest(CAST(:programs AS text[])) AS scope (program_id)
  CROSS JOIN unnest(CAST(:states AS text[])) AS asked (state)
  CROSS JOIN LATERAL (
    SELECT ${summaryColumns} FROM dead_letters
    WHERE (program_id, state, dead_letter_id) < (scope.program_id, asked.state, :before)
      AND (program_id, state) >= (scope.program_id, asked.state) AND program_id >= scope.program_id
    ORDER BY dead_letters.program_id DESC, dead_letters.state DESC, dead_letter_id DESC LIMIT :limit
  ) AS letters
  ORDER BY dead_letter_id DESC LIMIT :limit`;

/** The table of messages that couldn't be applied. */
export function createDeadLetters(knex: Knex): DeadLetters {
  return {
    async keep(letter) {
      await translated(
        knex('dead_letters')
          .insert(rowOf(letter))
          .onConflict(['stream_sequence', 'stream_time'])
          .ignore(),
      );
    },

    // What keeps others away from the rows while they are being tried is their new time, not a lock: no transaction
    // stays open meanwhile.
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
      await translated(
        knex('dead_letters')
          .where({ dead_letter_id: deadLetterId })
          .update({ ...failureColumns(failure), attempts: knex.raw('attempts + 1') }),
      );
    },

    async remove(deadLetterIds) {
      await translated(
        knex('dead_letters').whereIn('dead_letter_id', deadLetterIds.map(String)).delete(),
      );
    },

    async makeDue(programId, now) {
      await translated(
        knex('dead_letters')
          .where({ program_id: programId, state: 'WAITING', reason: 'PROGRAM_NOT_ACTIVE' })
          .update({ retry_at: timestamptz(now) }),
      );
    },

    async list({ programs, state, limit, after }) {
      const { rows } = await translated(
        knex.raw<{ rows: Omit<DeadLetterRow, 'payload'>[] }>(
          programs === undefined ? newestOfStates : newestOfPrograms,
          {
            states: state === undefined ? allStates : [state],
            ...(programs !== undefined && { programs: [...new Set(programs)] }),
            before: String(after ?? aboveAllIds),
            limit,
          },
        ),
      );
      return rows.map((row) => deadLetterOf({ ...row, payload: Buffer.alloc(0) }));
    },

    async find({ deadLetterId, programs }) {
      const row = await translated(
        knex('dead_letters')
          .where({ dead_letter_id: String(deadLetterId) })
          .first<DeadLetterRow | undefined>(),
      );
      if (row === undefined || programs?.includes(row.program_id) === false) return undefined;
      return deadLetterOf(row);
    },

    async ofTransaction({ programId, transactionId }) {
      const { rows } = await translated(
        knex.raw<{ rows: { dead_letter_id: bigint; reason: string }[] }>(
          `SELECT * FROM (
             SELECT dead_letter_id, reason FROM dead_letters
             WHERE program_id = :programId AND transaction_id = :transactionId
               AND subject LIKE 'loyalty.earn.%' ${perRow}
           ) AS letters
           ORDER BY dead_letter_id DESC LIMIT 1`,
          { programId, transactionId },
        ),
      );
      const [row] = rows;
      return row && { deadLetterId: String(row.dead_letter_id), reason: row.reason };
    },
  };
}

function rowOf({
  message,
  about,
  failure,
}: {
  message: StreamMessage;
  about: TransactionName;
  failure: Failure;
}) {
  return {
    ...failureColumns(failure),
    stream_sequence: message.streamSequence,
    stream_time: timestamptz(message.streamTime),
    subject: storable(message.subject),
    content_type: storable(message.contentType),
    payload: Buffer.from(message.payload),
    actor: storable(message.author.actor),
    request_id: storable(message.author.requestId),
    program_id: storable(about.programId),
    transaction_id: storable(about.transactionId),
    attempts: 1,
    create_time: new Date(),
  };
}

function failureColumns({ state, reason, detail, retryAt }: Failure) {
  return { state, reason, detail: storable(detail), retry_at: timestamptz(retryAt) };
}

// Whatever came in has to be kept, but PostgreSQL's text can't hold every string: no NUL, no half of a character.
function storable(text: string): string {
  return text.slice(0, 2_000).toWellFormed().replaceAll('\0', '\u{FFFD}');
}

function dueLetterOf(row: DueRow): DueLetter {
  return {
    deadLetterId: row.dead_letter_id,
    message: {
      subject: row.subject,
      contentType: row.content_type,
      payload: row.payload,
      streamSequence: Number(row.stream_sequence),
      streamTime: instant(row.stream_time),
      author: { actor: row.actor, requestId: row.request_id },
    },
    attempts: row.attempts,
  };
}

function deadLetterOf(row: DeadLetterRow): DeadLetter {
  return {
    ...dueLetterOf(row),
    state: row.state,
    reason: row.reason,
    detail: row.detail,
    about: { programId: row.program_id, transactionId: row.transaction_id },
    retryAt: instant(row.retry_at),
    createTime: instant(row.create_time),
  };
}
