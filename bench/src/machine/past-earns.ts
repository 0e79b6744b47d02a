// A ledger with a past, in seconds: what a few members have earned once, many times over, by SQL.
import pg from 'pg';

interface Copying {
  /** How many copies of each row are added; in expressions, `copy` is the copy's number from 1. */
  readonly copies: number;
  /** Expressions for the columns in which a copy differs. */
  readonly changed: Readonly<Record<string, string>>;
  readonly where: string;
}

/**
 * Makes every member's one earn `times` earns. The ledger must not run meanwhile.
 *
 * Whatever columns the tables have are copied from the earn that was made by the ledger itself, so that this fits other
 * revisions too.
 */
export async function repeatEarns(databaseUrl: string, times: number): Promise<void> {
  const copies = times - 1;
  const transactionId = "'past-' || membership_id || '-' || copy";
  await inTransaction(databaseUrl, async (client) => {
    await copyRows(client, 'earns', {
      copies,
      changed: { transaction_id: transactionId, sequence: 'sequence + copy' },
      where: "state = 'POSTED'",
    });
    await copyRows(client, 'entries', {
      copies,
      changed: {
        transaction_id: transactionId,
        sequence: 'sequence + copy',
        balance_after: 'balance_after + copy * available',
      },
      where: "kind = 'EARN'",
    });
    await client.query(`UPDATE lots SET remaining = remaining * ${times}`);
    await client.query(`
      UPDATE memberships SET last_sequence = last_sequence + ${times - 1},
        available = available * ${times}, lifetime_earned = lifetime_earned * ${times}`);
  });
}

/**
 * Makes each member `times` members with the same history. The ledger must not run meanwhile.
 *
 * @param options.userIdWidth the digits at the end of a user's id, which count the copies up
 */
export async function repeatMembers(
  databaseUrl: string,
  { times, userIdWidth }: { times: number; userIdWidth: number },
): Promise<void> {
  await inTransaction(databaseUrl, async (client) => {
    const { rows } = await client.query<{ count: string; highest: string }>(
      'SELECT count(*), max(membership_id) AS highest FROM memberships',
    );
    const count = Number(rows[0]?.count);
    const membershipId = { membership_id: `membership_id + copy * ${Number(rows[0]?.highest)}` };
    const number = `right(user_id, ${userIdWidth})::int + copy * ${count}`;
    const userId = {
      user_id: `left(user_id, -${userIdWidth}) || lpad((${number})::text, ${userIdWidth}, '0')`,
    };
    const transactionId = { transaction_id: "transaction_id || '-' || copy" };
    const changes = {
      memberships: { ...membershipId, ...userId },
      member_ids: { ...membershipId, ...userId },
      lots: membershipId,
      entries: { ...membershipId, ...transactionId },
      earns: { ...membershipId, ...transactionId },
    };
    for (const [table, changed] of Object.entries(changes)) {
      await copyRows(client, table, { copies: times - 1, changed, where: 'true' });
    }
    await client.query("SELECT setval('membership_ids', max(membership_id)) FROM memberships");
  });
}

async function copyRows(
  client: pg.Client,
  table: string,
  { copies, changed, where }: Copying,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  const columns = rows.map(({ name }) => name);
  const values = columns.map((name) => changed[name] ?? name);
  await client.query(
    `INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()}
     FROM ${table} CROSS JOIN generate_series(1, ${copies}) AS copy WHERE ${where}`,
  );
}

async function inTransaction(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    await client.query('BEGIN');
    await work(client);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
