// A ledger with a past, in seconds: what every member has earned once, many times over, by SQL.
import pg from 'pg';

/**
 * Makes every member's one earn `times` earns. The ledger mustn't run meanwhile.
 *
 * Whatever columns the tables have are copied from the earn that was made by the ledger itself, so that this fits other
 * revisions too.
 */
export async function repeatEarns(databaseUrl: string, times: number): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const copies = `CROSS JOIN generate_series(1, ${times - 1}) AS copy`;
  const transactionId = "'past-' || membership_id || '-' || copy";
  const copyRows = async (table: string, changed: Record<string, string>, where: string) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT quote_ident(attname) AS name FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
      [table],
    );
    const columns = rows.map(({ name }) => name);
    const values = columns.map((name) => changed[name] ?? name);
    await client.query(
      `INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM ${table} ${copies} WHERE ${where}`,
    );
  };
  try {
    await client.query('BEGIN');
    await copyRows(
      'earns',
      { transaction_id: transactionId, sequence: 'sequence + copy' },
      "state = 'POSTED'",
    );
    await copyRows(
      'entries',
      {
        transaction_id: transactionId,
        sequence: 'sequence + copy',
        balance_after: 'balance_after + copy * available',
      },
      "kind = 'EARN'",
    );
    await client.query(`UPDATE lots SET remaining = remaining * ${times}`);
    await client.query(`
      UPDATE memberships SET last_sequence = last_sequence + ${times - 1},
        available = available * ${times}, lifetime_earned = lifetime_earned * ${times}`);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
