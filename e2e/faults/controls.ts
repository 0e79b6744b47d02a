// Protections that can be switched off from outside, in the trial's own database and message server.
import type { Site } from './site.ts';
import type { Control } from './trial.ts';

export const recordOff: Control = {
  off: 'the record of posted purchases',
  shows: 'doubled',
  apply: forgetPurchases,
};

export const redeliveryOff: Control = {
  off: 'redelivery: a message counts as done once delivered',
  shows: 'lost',
  apply: deliverOnce,
};

/**
 * The ledger no longer knows what it has posted: its look-up finds nothing, and no constraint stops a second row.
 */
async function forgetPurchases({ execute }: Pick<Site, 'execute'>): Promise<void> {
  await execute('ALTER TABLE earns DROP CONSTRAINT earns_pkey');
  await blind(execute, 'earns');
}

/** Does the same as {@link forgetPurchases}, for redemptions. */
export async function forgetRedemptions({ execute }: Pick<Site, 'execute'>): Promise<void> {
  await execute('ALTER TABLE redemptions DROP CONSTRAINT redemptions_pkey');
  await execute('DROP INDEX redemptions_idempotency_key');
  await blind(execute, 'redemptions');
}

async function blind(execute: Site['execute'], table: string): Promise<void> {
  await execute(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await execute(`CREATE POLICY written ON ${table} FOR INSERT WITH CHECK (true)`);
}

/** COMMIT returns before the log is on disk, as long before as PostgreSQL allows. */
export async function commitWithoutDisk({ execute }: Pick<Site, 'execute'>): Promise<void> {
  await execute("ALTER SYSTEM SET synchronous_commit = 'off'");
  await execute("ALTER SYSTEM SET wal_writer_delay = '10s'");
  await execute("ALTER SYSTEM SET wal_writer_flush_after = '1GB'");
  await execute('SELECT pg_reload_conf()');
}

/** A message is done once it was delivered, whatever became of it: as if it were acknowledged before the commit. */
async function deliverOnce(site: Pick<Site, 'nats'>): Promise<void> {
  const connection = await site.nats.connection({ timeoutMs: 5_000 });
  const { consumers } = await connection.jetstreamManager();
  for (const name of ['ledger-earns', 'ledger-refunds']) {
    const { config } = await consumers.info('LOYALTY_IN', name);
    await consumers.update('LOYALTY_IN', name, { ...config, max_deliver: 1 });
  }
}

/** The relay's rows are gone as soon as it leases them: they are marked as published before they are. */
export async function markBeforePublish({ execute }: Pick<Site, 'execute'>): Promise<void> {
  await execute(`CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN DELETE FROM outbox WHERE id = NEW.id; RETURN NULL; END $$`);
  await execute(
    'CREATE TRIGGER forget AFTER UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION forget()',
  );
}
