import { StorageUnavailable } from '@loyalty/platform/errors.ts';
import { storageErrors } from '@loyalty/platform/postgres/storage-errors.ts';
import { Contention } from '@loyalty/rules/contention.ts';
import { AlreadyExists } from '../domain/errors.ts';

const unavailable = (cause: unknown) =>
  new StorageUnavailable("The service's database can't be reached; retry", { cause });

/** What errors of the database mean for a change. */
export const { nameOf: storageError, translated } = storageErrors({
  constraints: {
    programs_pkey: () => new AlreadyExists('A program with this id exists already'),
    rewards_pkey: () => new AlreadyExists('A reward with this id exists already'),
  },
  lost: (cause) => new Contention('Too many changes of the same program at once', { cause }),
  unavailable,
});

/**
 * What they mean for a read. Nothing but an operator's lock on a table, such as that of a migration, stands in the way of a
 * read: the database can't be used for as long.
 */
export const { translated: translatedRead } = storageErrors({
  constraints: {},
  lost: unavailable,
  unavailable,
});
