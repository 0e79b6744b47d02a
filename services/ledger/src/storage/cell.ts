import type { Knex } from 'knex';

/** The number of cells: the ids of cell k leave the remainder k. */
const cells = 1024;

/** One process at a time, so that none moves a sequence from which another has drawn. */
const lockKey = 731_204_966;

/**
 * Makes the database that of the cell, unless ids have been drawn from its sequences, and returns the cell that it belongs to.
 */
export async function openCell(knex: Knex, cell: number): Promise<number> {
  return await knex.transaction(async (tx) => {
    await tx.raw('SELECT pg_advisory_xact_lock(?)', [lockKey]);
    const { rows } = await tx.raw<{ rows: { cell: number; used: boolean }[] }>(
      `SELECT (min(start_value) % ${cells})::integer AS cell, bool_or(last_value IS NOT NULL) AS used
       FROM pg_sequences
       WHERE schemaname = current_schema()
         AND sequencename IN ('membership_ids', 'dead_letters_dead_letter_id_seq')`,
    );
    const [stored] = rows;
    if (stored === undefined) throw new Error('the database has not said which cell it belongs to');
    if (stored.used || stored.cell === cell) return stored.cell;
    const first = cells + cell;
    await tx.raw(`ALTER SEQUENCE membership_ids START WITH ${first} RESTART`);
    await tx.raw(
      `ALTER TABLE dead_letters ALTER COLUMN dead_letter_id SET START WITH ${first} RESTART`,
    );
    return cell;
  });
}
