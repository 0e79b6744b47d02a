import { storageErrors } from '@loyalty/platform/postgres/storage-errors.ts';
import { LockTimeout, LostRace, RefusedByStorage } from '../app/ledger-store.ts';
import { StorageUnavailable } from '../domain/errors.ts';

/** Run again, the command finds what the other database transaction wrote. */
const wroteFirst = (cause: unknown) =>
  new LostRace('a concurrent transaction wrote it first', { cause });

const refused = (cause: unknown) => new RefusedByStorage('the database refused a value', { cause });
const unavailable = (cause: unknown) => new StorageUnavailable(cause);

/** What errors of the database mean for the commands of a database transaction. */
export const { nameOf: storageError } = storageErrors({
  constraints: {
    member_ids_pkey: wroteFirst,
    earns_pkey: wroteFirst,
    redemptions_idempotency_key: wroteFirst,
    requests_pkey: wroteFirst,
  },
  refused,
  lost: (cause) => new LostRace('the transaction lost against a concurrent one', { cause }),
  locked: (cause) => new LockTimeout('somebody else kept a lock for too long', { cause }),
  unavailable,
});

/**
 * What they mean for everything else: reads, dead letters, and snapshots of programs. Callers can't stand in the way of these. An
 * operator's lock on a table can, such as that of a migration, and while it lasts the database can't be used.
 */
export const { translated } = storageErrors({
  constraints: {},
  refused,
  lost: unavailable,
  unavailable,
});
