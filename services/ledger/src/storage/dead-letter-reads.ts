import type { Knex } from 'knex';
import type { DeadLetterState, DeadLetters, Failure, ProgramScope } from '../app/dead-letters.ts';
import { aboveAllIds } from './column-values.ts';
import { type DeadLetterRow, deadLetterOf, summaryColumns } from './dead-letter-rows.ts';
import { perRow } from './plan-forms.ts';
import { translated } from './storage-errors.ts';

/** States of messages about which nothing was decided. */
const undecidedStates: Failure['state'][] = ['WAITING', 'DEAD'];
const allStates: DeadLetterState[] = [...undecidedStates, 'REPLAYED', 'DISCARDED'];

const asked = 'unnest(CAST(:states AS text[])) AS asked (state)';
const programsAndStates = `unnest(CAST(:programs AS text[])) AS scope (program_id) CROSS JOIN ${asked}`;

/** A column, and the value that is wanted in it. */
type Wanted = readonly [column: string, value: string];

// The newest of each program, state or reason, and of these the newest. In an order that only the index by these columns
// has: in that of the ids alone, PostgreSQL may look for the few that wait among all that are dead. Only the last condition
// lets it use an index, the one whose predicate is on that column.
function newestOf(
  tables: string,
  wanted: readonly Wanted[],
  [indexed, indexedValue]: Wanted,
): string {
  const columns = wanted.map(([column]) => column).join(', ');
  const values = wanted.map(([, value]) => value).join(', ');
  const order = wanted.map(([column]) => `dead_letters.${column} DESC`).join(', ');
  const from = wanted.length === 1 ? '' : `(${columns}) >= (${values}) AND`;
  return `
    SELECT letters.*
    FROM ${tables}
    CROSS JOIN LATERAL (
      SELECT ${summaryColumns} FROM dead_letters
      WHERE (${columns}, dead_letter_id) < (${values}, :before) AND ${from} ${indexed} >= ${indexedValue}
      ORDER BY ${order}, dead_letter_id DESC LIMIT :limit
    ) AS letters
    ORDER BY dead_letter_id DESC LIMIT :limit`;
}

const ofProgram: Wanted = ['program_id', 'scope.program_id'];
const inState: Wanted = ['state', 'asked.state'];
const forReason: Wanted = ['reason', ':reason'];

const newestOfStates = newestOf(asked, [inState], inState);
const newestForReason = newestOf(asked, [inState, forReason], forReason);
const newestOfPrograms = newestOf(programsAndStates, [ofProgram, inState], ofProgram);
const newestOfProgramsForReason = newestOf(
  programsAndStates,
  [ofProgram, inState, forReason],
  forReason,
);

function newest(query: { programs: ProgramScope; reason: string | undefined }): string {
  const { programs, reason } = query;
  if (programs === undefined) return reason === undefined ? newestOfStates : newestForReason;
  return reason === undefined ? newestOfPrograms : newestOfProgramsForReason;
}

// Counts in the index by state, which includes the reasons; in an order, so that PostgreSQL doesn't plan now with a hash, now
// with a sort. The oldest is the first in the index.
const counts = `
  SELECT asked.state, counted.reason, counted.count,
    (
      SELECT CAST(extract(epoch FROM clock_timestamp() - create_time) AS float8) FROM dead_letters
      WHERE (state, dead_letter_id) > (asked.state, 0) AND state <= asked.state
      ORDER BY dead_letters.state, dead_letter_id LIMIT 1
    ) AS oldest_seconds
  FROM ${asked}
  CROSS JOIN LATERAL (
    SELECT reason, CAST(count(reason ORDER BY reason) AS integer) AS count FROM dead_letters
    WHERE state = asked.state GROUP BY reason
  ) AS counted`;

/** Reads of the table that change nothing in it. */
export function deadLetterReads(
  knex: Knex,
): Pick<DeadLetters, 'list' | 'find' | 'ofPurchase' | 'count'> {
  return {
    async list({ programs, state, reason, limit, after }) {
      const { rows } = await translated(
        knex.raw<{ rows: Omit<DeadLetterRow, 'payload'>[] }>(newest({ programs, reason }), {
          states: state === undefined ? allStates : [state],
          ...(programs !== undefined && { programs: [...new Set(programs)] }),
          ...(reason !== undefined && { reason }),
          before: String(after ?? aboveAllIds),
          limit,
        }),
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

    async ofPurchase({ programId, transactionId }) {
      const { rows } = await translated(
        knex.raw<{ rows: { dead_letter_id: bigint; reason: string }[] }>(
          `SELECT * FROM (
             SELECT dead_letter_id, reason FROM dead_letters
             WHERE program_id = :programId AND transaction_id = :transactionId
               AND subject LIKE 'loyalty.earn.%' AND state IN ('WAITING', 'DEAD') ${perRow}
           ) AS letters
           ORDER BY dead_letter_id DESC LIMIT 1`,
          { programId, transactionId },
        ),
      );
      const [row] = rows;
      return row && { deadLetterId: String(row.dead_letter_id), reason: row.reason };
    },

    async count() {
      const { rows } = await translated(
        knex.raw<{ rows: CountRow[] }>(counts, { states: undecidedStates }),
      );
      return rows.map(({ oldest_seconds: oldestSeconds, ...row }) => ({ ...row, oldestSeconds }));
    },
  };
}

interface CountRow {
  state: Failure['state'];
  reason: string;
  count: number;
  oldest_seconds: number;
}
