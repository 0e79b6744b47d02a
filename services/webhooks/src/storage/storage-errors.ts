import { StorageUnavailable } from '@loyalty/platform/errors.ts';
import { storageErrors } from '@loyalty/platform/postgres/storage-errors.ts';
import { Contention } from '@loyalty/rules/contention.ts';

/** What errors of the database mean. */
export const { nameOf: storageError, translated } = storageErrors({
  constraints: {
    // The webhook was deleted at the same time.
    deliveries_webhook_fkey: (cause) => new Contention('The webhook was just deleted', { cause }),
    replays_webhook_fkey: (cause) => new Contention('The webhook was just deleted', { cause }),
  },
  lost: (cause) => new Contention('Too many changes of the same webhook at once', { cause }),
  unavailable: (cause) =>
    new StorageUnavailable("The service's database can't be reached; retry", { cause }),
});
