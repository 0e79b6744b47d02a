import { storageErrors } from '@loyalty/platform/postgres/storage-errors.ts';
import { LockTimeout, LostRace, RefusedByStorage } from '../app/ledger-store.ts';
import { StorageUnavailable } from '../domain/errors.ts';

/** Run again, the command finds what the other transaction wrote. */
const wroteFirst = (cause: unknown) =>
  new LostRace('a concurrent transaction wrote it first', { cause });

/** What errors of the database mean for the commands of a transaction, and for reads. */
export const { nameOf: storageError, translated } = storageErrors({
  constraints: {
    member_ids_pkey: wroteFirst,
    earns_pkey: wroteFirst,
    redemptions_idempotency_key: wroteFirst,
    requests_pkey: wroteFirst,
  },
  refused: (cause) => new RefusedByStorage('the database refused a value', { cause }),
  lost: (cause) => new LostRace('the transaction lost against a concurrent one', { cause }),
  locked: (cause) => new LockTimeout('somebody else kept a lock for too long', { cause }),
  unavailable: (cause) => new StorageUnavailable(cause),
});
