import type { Pool } from 'pg';
import { firstLease } from './first-lease.ts';

/** A row that has its messages. */
export interface BatchRow {
  id: bigint;
  batch: Uint8Array;
}

/** A row of a table that also has rows which only refer to what they announce. */
export type DeferredRow =
  | (BatchRow & { entries: null })
  | { id: bigint; entries: Uint8Array; batch: null };

// A crash of the server may undo a lease or a deletion, whose messages are then published again: that is allowed
// anyway. Not waiting for the disk leaves it to the commits that callers wait for. The setting ends with the statement, which
// is a transaction of its own: with BEGIN, SET LOCAL and COMMIT these were four statements for each commit of the service.
const withoutWaiting = "(SELECT set_config('synchronous_commit', 'off', true)) = 'off'";

// The row lock lasts as long as this statement; what keeps others away from the rows while they are being published
// is the lease. Ids become visible out of order, so a cursor over them would lose rows.
const leaseRows = ({ free, columns }: { free: string; columns: string }) => ({
  name: 'outbox-lease',
  text: `
    UPDATE outbox SET leased_until = now() + $2 * interval '1 millisecond'
    WHERE ${withoutWaiting} AND id = ANY (ARRAY(
      SELECT id FROM outbox WHERE ${free} ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
    ))
    RETURNING ${columns}`,
});

const leaseBatches = leaseRows({ free: 'leased_until < now()', columns: 'id, batch' });

// Of the process's own rows, those that no relay has had yet.
const leaseDeferred = leaseRows({
  free: `(leased_until < now() OR (id = ANY ($3::bigint[]) AND leased_until = create_time + ${firstLease}))`,
  columns: 'id, entries, batch',
});

const deleteRows = {
  name: 'outbox-delete',
  text: `DELETE FROM outbox WHERE ${withoutWaiting} AND id = ANY ($1::bigint[])`,
};

const postponeRows = {
  name: 'outbox-postpone',
  text: `
    UPDATE outbox SET leased_until = now() + $2 * interval '1 millisecond'
    WHERE ${withoutWaiting} AND id = ANY ($1::bigint[])`,
};

export interface LeaseOptions {
  readonly limit: number;
  readonly leaseMs: number;
}

/** Leases up to `limit` rows that aren't being published, oldest first, for `leaseMs`. */
export async function lease(pool: Pool, options: LeaseOptions): Promise<BatchRow[]> {
  const values = [options.limit, options.leaseMs];
  const { rows } = await pool.query<BatchRow>({ ...leaseBatches, values });
  return rows.toSorted(byId);
}

/**
 * The same of a table with rows that only refer to what they announce.
 *
 * @param options.own the rows that this process has committed and whose {@link firstLease} is therefore its own
 */
export async function leaseDeferredRows(
  pool: Pool,
  { limit, leaseMs, own }: LeaseOptions & { readonly own: readonly bigint[] },
): Promise<DeferredRow[]> {
  const values = [limit, leaseMs, own];
  const { rows } = await pool.query<DeferredRow>({ ...leaseDeferred, values });
  return rows.toSorted(byId);
}

function byId(one: { id: bigint }, other: { id: bigint }): number {
  return one.id < other.id ? -1 : 1;
}

/** Deletes rows once JetStream has stored all of their messages. */
export async function remove(pool: Pool, ids: bigint[]): Promise<void> {
  await pool.query({ ...deleteRows, values: [ids] });
}

/** Delays the next lease of rows by `delayMs`. */
export async function postpone(
  pool: Pool,
  { ids, delayMs }: { ids: bigint[]; delayMs: number },
): Promise<void> {
  await pool.query({ ...postponeRows, values: [ids, delayMs] });
}

/** Age of the oldest row in seconds; 0 when there is none. */
export async function oldestAgeSeconds(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ age: number }>({
    name: 'outbox-oldest',
    text: `SELECT extract(epoch FROM clock_timestamp() - create_time)::float8 AS age
      FROM outbox ORDER BY id LIMIT 1`,
  });
  return rows[0]?.age ?? 0;
}
