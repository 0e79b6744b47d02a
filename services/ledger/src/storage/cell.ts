import type { Knex } from 'knex';

/** The number of cells: the ids of cell k leave the remainder k. */
const cells = 1024;

/** One process at a time, so that none moves a sequence from which another has drawn. */
const lockKey = 731_204_966;

interface StoredCell {
  readonly cell: number;
  /** Whether ids have been drawn, so that it stays this cell. */
  readonly used: boolean;
}

/**
 * Makes the database that of the cell, unless ids have been drawn from its sequences, and returns the cell that it belongs to.
 */
export async function openCell(knex: Knex, cell: number): Promise<number> {
  // Most starts only read, and need no transaction: the server ends one whose process is too busy to go on with it.
  const stored = await readCell(knex);
  if (stored.used || stored.cell === cell) return stored.cell;
  return await knex.transaction(async (tx) => {
    await tx.raw('SELECT pg_advisory_xact_lock(?)', [lockKey]);
    const locked = await readCell(tx);
    if (locked.used || locked.cell === cell) return locked.cell;
    const first = cells + cell;
    await tx.raw(`ALTER SEQUENCE membership_ids START WITH ${first} RESTART`);
    await tx.raw(
      `ALTER TABLE dead_letters ALTER COLUMN dead_letter_id SET START WITH ${first} RESTART`,
    );
    return cell;
  });
}

async function readCell(knex: Knex): Promise<StoredCell> {
  const { rows } = await knex.raw<{ rows: StoredCell[] }>(
    `SELECT (min(start_value) % ${cells})::integer AS cell, bool_or(last_value IS NOT NULL) AS used
     FROM pg_sequences
     WHERE schemaname = current_schema()
       AND sequencename IN ('membership_ids', 'dead_letters_dead_letter_id_seq')`,
  );
  const [stored] = rows;
  if (stored === undefined) throw new Error('the database has not said which cell it belongs to');
  return stored;
}
